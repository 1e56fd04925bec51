"""External memory: what was shared at capture is shared at replay, on drivers that know other handle types."""

import collections
import json
import re
import resource

from support.cases_memory import memory_dumps
from support.harness import LAVAPIPE, fresh_folder, ok, require, results_of, same_lines, test_layer

CHAINLOG = test_layer("chainlog")
NV, CORE = "VkExternalMemoryImageCreateInfoNV", "VkExternalMemoryImageCreateInfo"


def drivers(bench):
    return {"lavapipe": LAVAPIPE, "swiftshader": bench.swiftshader(), "mock": bench.mock()}


def on(icd):
    return {"VK_ICD_FILENAMES": icd}


def report_of(bench, trace, icd, *options, name="report.json", status=0):
    """Replays with --report; the report."""
    file = bench.path(name)
    bench.replay(trace, "--wsi", "headless", "--report", file, *options, env=on(icd)).expect(status)
    report = json.loads(file.read_text())
    counted = collections.Counter(change["action"] for change in report["changes"])
    for action in ("kept", "converted", "dropped", "answered"):
        require(report[action] == counted[action],
                f"{name}: {report[action]} {action} by its own count, {counted[action]} in its list")
    return report


def table_of(report):
    return collections.Counter(
        (change["struct"], change["from"], change["to"], change["action"]) for change in report["changes"])


def same_table(what, found, wanted):
    missing, surplus = wanted - found, found - wanted
    require(not missing and not surplus, f"{what}: the report lacks {dict(missing)} and has {dict(surplus)} too many")


def silent_under_validation(bench, trace, icd, what):
    run = bench.replay(trace, "--wsi", "headless", "--validate", env=on(icd))
    require(run.status == 0 and "VUID" not in run.err + run.out,
            f"{what}: validation is not silent, status {run.status}:\n{(run.err + run.out)[-3000:]}")


# -- the NV extension, on a driver that has it and on drivers that have not

NV_TYPES = ("opaque_win32", "opaque_win32_kmt", "d3d11_texture", "d3d11_texture_kmt")
CORE_TYPES = ("opaque_win32", "d3d11_texture", "d3d12_heap", "d3d12_resource")


def external_nv_table(driver):
    """What external_nv's report must say."""
    table = collections.Counter()
    mock = driver == "mock"

    def row(struct, name, times=1, dropped=False):
        to = "" if dropped else name if mock else "opaque_fd"
        table[struct, name, to, "dropped" if dropped else "kept" if mock else "converted"] += times

    for name in NV_TYPES:
        row(NV, name, 5)  # alone, in three pairs, and alone again where memory is imported
        row("VkExportMemoryAllocateInfoNV", name, 4)
        row("VkImportMemoryWin32HandleInfoNV", name, dropped=True)  # invented: from outside the trace
    row(NV, "opaque_win32")  # with NV's dedicated allocation
    row("VkExportMemoryAllocateInfoNV", "opaque_win32")
    for name in CORE_TYPES:
        row(CORE, name)
        row("VkExportMemoryAllocateInfo", name)
    row("VkExternalMemoryBufferCreateInfo", "opaque_win32")
    row("VkExportMemoryAllocateInfo", "opaque_win32")
    # lavapipe shares no semaphores, SwiftShader no fences.
    row("VkExportSemaphoreCreateInfo", "opaque_win32", dropped=driver == "lavapipe")
    row("VkExportFenceCreateInfo", "opaque_win32", dropped=not mock)
    return table


def external_nv(bench):
    icds = drivers(bench)
    trace = bench.path("nv.vkr")
    native = ok(bench.run([bench.app("external_nv")], on(icds["mock"])))
    captured = ok(bench.capture(trace, [bench.app("external_nv")], env=on(icds["mock"])))
    same_lines("output of the captured run", captured.out.splitlines()[:-1], native.out.splitlines()[:-1])
    text = bench.run([bench.reprise, "dump", trace]).expect().out
    for word in (NV, "VkExportMemoryAllocateInfoNV", "VkImportMemoryWin32HandleInfoNV",
                 "VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT_NV",
                 "VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT_NV",
                 "VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_BIT_NV",
                 "VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_KMT_BIT_NV",
                 "vkGetPhysicalDeviceExternalImageFormatPropertiesNV"):
        require(word in text, f"the dump does not name {word}")
    for driver, icd in icds.items():
        report = report_of(bench, trace, icd, name=f"{driver}.json")
        changes = [c for c in report["changes"] if c["action"] != "answered" and c["from"] in BITS]
        same_table(driver, table_of({"changes": changes}), external_nv_table(driver))
        answered = sum(c["action"] == "answered" for c in report["changes"])
        require(answered == (0 if driver == "mock" else 3 * len(NV_TYPES)),
                f"{driver}: {answered} capability queries answered from the table")
        silent_under_validation(bench, trace, icd, f"external_nv on {driver}")


def remap_rules(bench):
    """--remap strict and rules, and what is said to a bad one."""
    icds, trace = drivers(bench), bench.path("nv.vkr")
    ok(bench.capture(trace, [bench.app("external_nv")], env=on(icds["mock"])))
    strict = bench.replay(trace, "--wsi", "headless", "--remap", "strict", env=on(icds["lavapipe"])).expect(4)
    for word in (NV, "opaque_win32", "opaque_fd"):
        require(word in strict.err, f"--remap strict does not name {word}: {strict.err}")
    for rule in ("opaque_win32", "opaque_win32=nothing", "win31=opaque_fd"):
        bad = bench.replay(trace, "--remap", rule, env=on(icds["lavapipe"])).expect(2)
        require("d3d12_resource" in bad.err and "dma_buf_ext" in bad.err,
                f"--remap {rule}: the valid types are not named: {bad.err}")
    rules = {"opaque_win32=drop": ("", "dropped"), "opaque_win32=opaque_fd": ("opaque_fd", "converted"),
             "opaque_win32=dma_buf_ext,d3d11_texture=drop": ("dma_buf_ext", "converted")}
    for rule, wanted in rules.items():
        report = report_of(bench, trace, icds["mock"], "--remap", rule)
        require(report["remap"] == rule, f"the report of --remap {rule} says {report['remap']}")
        for change in report["changes"]:
            if change["struct"] == CORE and change["from"] == "opaque_win32":
                require((change["to"], change["action"]) == wanted, f"--remap {rule}: {change}")
            if change["from"] == "d3d11_texture" and "d3d11_texture=drop" in rule:
                require(change["action"] == "dropped", f"--remap {rule}: {change}")


# -- memory shared inside a program

def aliases_equal(bench, captured_on, replayed_on):
    icds = drivers(bench)
    trace, prefix = bench.path("alias.vkr"), bench.path("captured")
    run = ok(bench.capture(trace, [bench.app("external_alias"), prefix], env=on(icds[captured_on])))
    results = results_of(run.out)
    require(len(results) >= 9, f"only {len(results)} ways of sharing on {captured_on}:\n{run.out}")
    for driver in replayed_on:
        dumps = memory_dumps(bench, trace, env=on(icds[driver]))
        for name, result in results.items():
            wanted = bench.path(f"captured.{name}").read_bytes()
            require(result["memory"] in dumps, f"{name} on {driver}: the replay dumped nothing of it")
            found = dumps[result["memory"]].read_bytes()[:len(wanted)]
            require(found == wanted, f"{name}, captured on {captured_on}, replayed on {driver}: other bytes, "
                    f"{found[:16].hex()}.. instead of {wanted[:16].hex()}..")
        silent_under_validation(bench, trace, icds[driver], f"external_alias on {driver}")


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def descriptors(bench):
    """A thousand exports and imports; a replay that leaves one descriptor a round would run out of them."""
    for driver, icd in drivers(bench).items():
        if driver == "mock":
            continue  # its exports are all descriptor 1
        trace = bench.path(f"{driver}.vkr")
        run = ok(bench.capture(trace, [bench.app("external_alias"), "many", "1000"], env=on(icd)))
        folder = fresh_folder(bench.path("memory"))
        bench.run([bench.reprise, "replay", trace, "--wsi", "headless", "--dump-memory", folder], on(icd),
                  preexec_fn=few_descriptors).expect()
        require(results_of(run.out)["last"]["size"] in [file.stat().st_size for file in folder.iterdir()],
                f"{driver}: the last round's result was not read back")


# -- random chains

CORE_TYPE, NV_TYPE = 1000072001, 1000056000  # sTypes
# What a replay leaves out: null swapchains and collections say nothing, imported Metal objects are another process's,
# and Android's formats mean something on Android only.
LEFT_OUT = {1000129005: "VkExternalFormatANDROID",
            1000060008: "VkImageSwapchainCreateInfoKHR", 1000366002: "VkBufferCollectionImageCreateInfoFUCHSIA",
            1000311007: "VkImportMetalTextureInfoEXT", 1000311009: "VkImportMetalIOSurfaceInfoEXT"}
UNKNOWN_TYPES = range(1999900000, 1999901000)
# The core bit of each type, by name; an NV bit is half of its core bit.
BITS = {name: 1 << i for i, name in enumerate(
    ("opaque_fd", "opaque_win32", "opaque_win32_kmt", "d3d11_texture", "d3d11_texture_kmt", "d3d12_heap",
     "d3d12_resource", "host_allocation_ext", "host_mapped_foreign_memory_ext", "dma_buf_ext",
     "android_hardware_buffer_android", "zircon_vmo_fuchsia", "rdma_address_nv"))}
# DESIGN.md section 5: what a type becomes where the target does not know it, best first.
BECOMES = {
    "opaque_fd": ("opaque_win32", "zircon_vmo_fuchsia"),
    "opaque_win32": ("opaque_fd", "zircon_vmo_fuchsia"),
    "opaque_win32_kmt": ("opaque_fd", "opaque_win32", "zircon_vmo_fuchsia"),
    "d3d11_texture": ("opaque_fd", "opaque_win32"),
    "d3d11_texture_kmt": ("opaque_fd", "opaque_win32"),
    "d3d12_heap": ("opaque_fd", "opaque_win32"),
    "d3d12_resource": ("opaque_fd", "opaque_win32"),
    "dma_buf_ext": ("opaque_fd", "opaque_win32"),
    "android_hardware_buffer_android": ("dma_buf_ext", "opaque_fd", "opaque_win32"),
    "zircon_vmo_fuchsia": ("opaque_fd", "opaque_win32"),
}


NV_FORMS = BITS["opaque_win32"] | BITS["opaque_win32_kmt"] | BITS["d3d11_texture"] | BITS["d3d11_texture_kmt"]


def remapped(mask, refused):
    """What core bits become on the mock driver, which knows all types but the refused ones and finds none
    compatible with another. The program's own words to the same driver stay; of others the first."""
    became = {bit: next((BITS[way] for way in (name, *BECOMES.get(name, ())) if way not in refused), 0)
              for name, bit in BITS.items() if mask & bit}
    if all(bit == live for bit, live in became.items()):
        return mask
    live = [bit for bit in became.values() if bit]
    return min(live, default=0)


def expected_chain(chain, refused):
    """The chain that a replay must give to the mock driver for a captured one."""
    nodes = {node["sType"]: node for node in chain}
    nv, core = (nodes.get(type_, {}).get("handleTypes", 0) for type_ in (NV_TYPE, CORE_TYPE))
    captured = nv << 1 | core
    live = remapped(captured, refused)
    in_nv_form = core == 0 and live & NV_FORMS == live
    form = NV_TYPE if in_nv_form else CORE_TYPE
    # The struct of the other form gives its place only if the right one is not there.
    place = form if form in nodes else CORE_TYPE if form == NV_TYPE else NV_TYPE
    wanted = []
    for node in chain:
        type_ = node["sType"]
        if type_ in UNKNOWN_TYPES or type_ in LEFT_OUT:
            continue
        if type_ in (NV_TYPE, CORE_TYPE) and captured:
            if type_ == place and live:
                wanted.append({"sType": form, "handleTypes": live >> 1 if in_nv_form else live})
            continue
        wanted.append(dict(node))
    if live:
        wanted[0]["initialLayout"] = 0  # VUID-VkImageCreateInfo-pNext-01443
    return wanted


def logged(bench, name):
    lines = [json.loads(line) for line in bench.path(name).read_text().splitlines()]
    return [line["chain"] for line in lines if line["command"] == "vkCreateImage"]


def chains(bench, count):
    mock, trace = bench.mock(), bench.path("chains.vkr")

    def env(name, **more):
        bench.path(name).unlink(missing_ok=True)
        return dict(on(mock), REPRISE_CHAINLOG_OUT=bench.path(name), **more)

    program = [bench.app("chains"), "1", str(count)]
    ok(bench.capture(trace, program, [CHAINLOG], env("captured")))
    captured = logged(bench, "captured")
    require(len(captured) == count, f"the driver was given {len(captured)} images, not {count}")
    unknown = sum(node["sType"] in UNKNOWN_TYPES for chain in captured for node in chain)
    require(bench.info(trace)["holes"] == unknown, f"{unknown} unknown structs, {bench.info(trace)['holes']} holes")
    targets = {"all": ((), {}), "refused": (("opaque_win32", "d3d11_texture"), {}),
               "refused-by-zero": (("opaque_fd", "dma_buf_ext", "opaque_win32_kmt"), {"REPRISE_CHAINLOG_ZERO": "1"}),
               "none": (tuple(BITS), {})}
    for name, (refused, more) in targets.items():
        bench.replay(trace, "--wsi", "headless", layers=[CHAINLOG],
                     env=env(name, REPRISE_CHAINLOG_REFUSE=",".join(refused), **more)).expect()
        found = logged(bench, name)
        require(len(found) == count, f"{name}: the driver was given {len(found)} images, not {count}")
        wanted = [expected_chain(chain, refused) for chain in captured]
        wrong = [i for i in range(count) if found[i] != wanted[i]]
        require(not wrong, f"{name}: {len(wrong)} of {count} chains differ, first image {wrong[:1]}:\n" + "".join(
            f"  {what} {chain[wrong[0]]}\n"
            for what, chain in (("captured", captured), ("wanted", wanted), ("found", found)) if wrong))


# -- hand-written traces of other systems

def results_of_foreign(out):
    found = collections.defaultdict(dict)
    for line in out.splitlines():
        _, file, name, *fields = line.split()
        values = dict(field.split("=") for field in fields)
        found[file][name] = (int(values["memory"], 16), int(values["size"]), bytes.fromhex(values["rgba"]))
    return found


def structure_type(name):
    return "VK_STRUCTURE_TYPE_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[2:]).upper()


def sharing(image, exporting, importing, names, images=2, times=1):
    """Rows of share(): two objects, an export, an import for each of `names`."""
    rows = collections.Counter()
    for name in names:
        rows[image, name] += images * times
        rows[exporting, name] += times
        rows[importing, name] += times
    return rows


WIN32_IMPORT, EXPORT = "VkImportMemoryWin32HandleInfoKHR", "VkExportMemoryAllocateInfo"
# Of each trace: what must be in its dump, and by (struct, type) how often the report has it.
FOREIGN = {
    "win32": (["VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT", WIN32_IMPORT, "vkGetMemoryWin32HandleKHR",
               "VkExportMemoryWin32HandleInfoKHR", "reprise"],
              sharing(CORE, EXPORT, WIN32_IMPORT, ["opaque_win32"], times=2)
              + sharing(CORE, EXPORT, WIN32_IMPORT, ["opaque_win32_kmt"])
              + sharing("VkExternalMemoryBufferCreateInfo", EXPORT, WIN32_IMPORT, ["opaque_win32"], times=2)),
    "win32_nv": ([NV, "VkImportMemoryWin32HandleInfoNV", "vkGetMemoryWin32HandleNV",
                  "VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_KMT_BIT_NV"],
                 sharing(NV, "VkExportMemoryAllocateInfoNV", "VkImportMemoryWin32HandleInfoNV", NV_TYPES)),
    "d3d": (["VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_RESOURCE_BIT", "VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT"],
            sharing(CORE, EXPORT, WIN32_IMPORT, ["d3d11_texture", "d3d11_texture_kmt", "d3d12_heap",
                                                 "d3d12_resource"])),
    "android": (["VkImportAndroidHardwareBufferInfoANDROID", "vkGetMemoryAndroidHardwareBufferANDROID",
                 "VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID"],
                sharing(CORE, EXPORT, "VkImportAndroidHardwareBufferInfoANDROID",
                        ["android_hardware_buffer_android"])),
    "android_format": (["VkExternalFormatANDROID", "externalFormat", "vkCreateSamplerYcbcrConversion",
                        "vkGetAndroidHardwareBufferPropertiesANDROID"], None),
    "zircon": (["VkImportMemoryZirconHandleInfoFUCHSIA", "vkGetMemoryZirconHandleFUCHSIA",
                "VK_EXTERNAL_MEMORY_HANDLE_TYPE_ZIRCON_VMO_BIT_FUCHSIA"],
               sharing(CORE, EXPORT, "VkImportMemoryZirconHandleInfoFUCHSIA", ["zircon_vmo_fuchsia"])
               + sharing("VkExternalMemoryBufferCreateInfo", EXPORT, "VkImportMemoryZirconHandleInfoFUCHSIA",
                         ["zircon_vmo_fuchsia"])),
    "fuchsia_collection": (["vkCreateBufferCollectionFUCHSIA", "VkBufferCollectionImageCreateInfoFUCHSIA",
                            "VkImportMemoryBufferCollectionFUCHSIA"], None),
    "metal": (["VkImportMetalTextureInfoEXT", "VkExportMetalObjectCreateInfoEXT", "vkExportMetalObjectsEXT",
               "VK_EXPORT_METAL_OBJECT_TYPE_METAL_TEXTURE_BIT_EXT"], None),
    "drm": (["VkImageDrmFormatModifierListCreateInfoEXT", "VkImageDrmFormatModifierExplicitCreateInfoEXT",
             "vkGetImageDrmFormatModifierPropertiesEXT", "VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT"],
            sharing(CORE, EXPORT, "VkImportMemoryFdInfoKHR", ["dma_buf_ext"])),
}
# Nothing of the captured process's Metal texture is in the trace, so nothing can alias it.
NOT_ALIASED = {"metal"}


def foreign(bench, name, drivers_here=("lavapipe", "swiftshader", "mock")):
    folder = fresh_folder(bench.path("traces"))
    made = bench.run([bench.build / "tests" / "foreign" / "foreign_traces", folder]).expect()
    trace = folder / f"{name}.vkr"
    words, rows = FOREIGN[name]
    text = bench.run([bench.reprise, "dump", trace]).expect().out
    lines = json.dumps(bench.dump(trace))
    for word in words:
        require(word in text, f"{name}: the dump does not name {word}")
        spelled = structure_type(word) if word.startswith("Vk") else word  # JSON names structs by sType
        require(spelled in lines, f"{name}: the dump as JSON does not name {spelled}")
    icds = drivers(bench)
    for driver in drivers_here:
        report = report_of(bench, trace, icds[driver], name=f"{name}-{driver}.json")
        require(report["changes"], f"{name} on {driver}: the report is empty")
        if rows:
            found = collections.Counter()
            for change in report["changes"]:
                if change["action"] != "answered" and change["from"] in BITS:
                    found[change["struct"], change["from"]] += 1
                    require(driver == "mock" or change["to"] == "opaque_fd",
                            f"{name} on {driver}: not shared as opaque_fd: {change}")
            same_table(f"{name} on {driver}", found, rows)
        if driver == "mock":
            continue  # draws nothing
        dumps = memory_dumps(bench, trace, env=on(icds[driver]))
        for what, (memory, size, texel) in results_of_foreign(made.out)[name].items():
            if name not in NOT_ALIASED:
                found = dumps[memory].read_bytes()[:size]
                require(found == texel * (size // 4), f"{name}, {what} on {driver}: {found[:16].hex()}.. read back")
        silent_under_validation(bench, trace, icds[driver], f"{name} on {driver}")


CASES = {
    "external-nv": external_nv,
    "external-rules": remap_rules,
    "external-alias-lavapipe": lambda bench: aliases_equal(bench, "lavapipe", ("lavapipe", "swiftshader")),
    "external-alias-swiftshader": lambda bench: aliases_equal(bench, "swiftshader", ("lavapipe", "swiftshader")),
    "external-descriptors": descriptors,
    "chains": lambda bench: chains(bench, 300),
    **{f"foreign-{name}": (lambda bench, name=name: foreign(bench, name)) for name in FOREIGN},
}
SLOW = {
    "chains-10000": lambda bench: chains(bench, 10_000),
}
