"""`reprise report`: its page in a real browser, compared with what `reprise info` and `reprise dump` say."""

import json
import re
import resource
import signal

from support.browser import Browser
from support.cases_check import dying, sleepers, until_it_hangs
from support.cases_errors import says, small_trace
from support.harness import copy_head, ok, require

NV = "VkExternalMemoryImageCreateInfoNV"
NARROW = 390
MOST_PAGE_BYTES = 48 << 20


def report(bench, trace, output, *options, status=0):
    return bench.run([bench.reprise, "report", trace, "-o", bench.path(output), *options]).expect(status)


def same(what, found, wanted):
    require(found == wanted, f"{what}: the page says {found!r}, not {wanted!r}")


def quiet(browser, page):
    """Nothing went wrong in the page, and it asked for nothing but itself and pictures."""
    require(not browser.errors, f"the page complains: {browser.errors[:3]}")
    allowed = ("data:", "blob:", page.parent.resolve().as_uri() + "/", "about:blank")
    strangers = [url for url in browser.requests if not url.startswith(allowed)]
    require(not strangers, f"the page asks for {strangers[:3]}")


def number(browser, name):
    return browser.text(f'[data-number="{name}"] dd')


def grouped(value):
    return f"{value:,}"


def fits(browser, what):
    """Nothing is wider than the window."""
    wide, window = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    require(wide <= window, f"{what}: the page is {wide} pixels wide in a window of {window}")


def search(browser, text):
    browser.evaluate("document.querySelector('#search').value = ''; document.querySelector('#search').focus()")
    browser.type(text)
    return browser.texts("#results [role=option]")


def cube_trace(bench, frames=60):
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", str(frames)]).expect()
    return trace


# -- a program that presents: counts, frames, pictures, search, keys


def counts_match(bench, browser, trace):
    info = bench.info(trace)
    same("frames", number(browser, "frames"), grouped(info["frames"]))
    same("calls", number(browser, "calls"), grouped(info["calls"]))
    same("submits", number(browser, "submits"), grouped(info["submits"]))
    same("holes", number(browser, "holes"), grouped(info["holes"]))
    calls = {command["command"]: command["calls"] for command in info["commands"]}
    for command in ("vkQueueSubmit", "vkCmdDraw", "vkQueuePresentKHR"):
        found = [text for text in search(browser, command.lower()) if text.startswith("command" + command)]
        require(any(f"{command} {grouped(calls[command])} call" in text for text in found),
                f"search for {command}: {found}, {calls[command]} calls wanted")


def frame_matches(bench, browser, trace, frame):
    """The chosen frame's numbers, breakdown and texts are those of the dump."""
    lines = [line for line in bench.dump(trace, "--frames", str(frame)) if "call" in line]
    browser.evaluate(f"document.querySelector('#frame-number').value = '{frame}';"
                     "document.querySelector('#frame-number').dispatchEvent(new Event('change'))")
    browser.wait(f"document.querySelector('#frame-title').textContent === 'Frame {frame}'", "the frame")
    browser.settle()
    facts = browser.text("#frame-facts")
    require(facts.startswith(f"{grouped(len(lines))} call"), f"frame {frame} has {len(lines)} calls, the page: {facts}")
    wanted = {}
    for line in lines:
        wanted[line["command"]] = wanted.get(line["command"], 0) + 1
    cells = browser.texts("#breakdown tbody td")
    found = {cells[i]: int(cells[i + 1].replace(",", "")) for i in range(0, len(cells), 3)}
    same(f"frame {frame} by command", found, wanted)
    text = bench.run([bench.reprise, "dump", "--frames", str(frame), trace]).expect().out
    shown = "\n".join(browser.texts("#frame-calls .call"))
    require(shown and text.startswith(shown[:2000]), f"frame {frame} as text is not the dump's:\n{shown[:300]}\n{text[:300]}")
    require(f"--frames {frame}" in browser.text("#frame-shown"), "the page does not say how to see the rest")


def keys_work(browser, frames):
    browser.evaluate("document.querySelector('#bands').focus()")
    browser.key("Home")
    for _ in range(3):
        browser.key("ArrowRight")
    browser.settle()
    same("after three arrows", browser.text("#frame-title"), "Frame 3")
    browser.key("End")
    browser.settle()
    last = browser.text("#frame-title")
    require(last in (f"Frame {frames}", f"Frame {frames - 1}"), f"End leads to {last}")
    browser.key("ArrowLeft")
    browser.key("+")
    browser.settle()
    require("aria-valuetext" and browser.evaluate("document.querySelector('#bands').getAttribute('aria-valuetext')")
            .startswith("frame "), "the timeline does not say its value")
    browser.evaluate("document.activeElement.blur()")
    browser.key("/")
    same("the key /", browser.evaluate("document.activeElement.id"), "search")
    browser.type("7")
    browser.key("Enter")
    browser.settle()
    same("search for 7", browser.text("#frame-title"), "Frame 7")


def tab_reaches(browser):
    """Every control is reached by Tab alone, and shows that it has the focus."""
    seen, rounds = set(), 0
    for _ in range(2000):
        browser.key("Tab")
        where = browser.evaluate("document.activeElement.id || document.activeElement.tagName")
        rounds += where == "BODY"
        seen.add(where)
        if rounds == 2:  # Tab went on from where the last click was: the second round is a whole one
            break
    for wanted in ("search", "frame-back", "frame-number", "zoom-in", "bands", "frame-calls", "object-kind", "object-list"):
        require(wanted in seen, f"Tab does not reach {wanted}: {sorted(seen)}")


def report_cube(bench):
    trace = cube_trace(bench)
    report(bench, trace, "cube.html", "--screenshots", "--screenshot-count", "5")
    page = bench.path("cube.html")
    with Browser() as browser:
        browser.open(page)
        counts_match(bench, browser, trace)
        same("pictures", browser.evaluate("document.querySelectorAll('.card').length"), 5)
        frame_matches(bench, browser, trace, 12)
        frame_matches(bench, browser, trace, 0)
        keys_work(browser, 60)
        browser.click(".card:not([aria-current])")
        browser.wait("document.querySelector('#frame-image').naturalWidth > 100", "the picture")
        tab_reaches(browser)
        fits(browser, "1280 pixels")
        quiet(browser, page)
        browser.screenshot(bench.path("wide.png"))
    with Browser(width=NARROW, height=800, dark=True) as browser:
        browser.open(page)
        fits(browser, "390 pixels")
        browser.screenshot(bench.path("narrow.png"))
        quiet(browser, page)


def report_folder(bench):
    """A folder: the page, and the pictures at their full size beside it."""
    trace = cube_trace(bench, 12)
    report(bench, trace, "out", "--screenshots", "--screenshot-count", "3")
    pictures = sorted(path.name for path in bench.path("out/pictures").iterdir())
    same("pictures", pictures, ["frame-000000.png", "frame-000005.png", "frame-000011.png"])
    page = bench.path("out/index.html")
    with Browser() as browser:
        browser.open(page)
        same("the link", browser.evaluate("document.querySelector('#frame-caption a').getAttribute('href')"),
             "pictures/frame-000000.png")
        size = browser.evaluate("new Promise((done, no) => { const i = new Image(); i.onload = () => done([i.width, "
                                "i.height]); i.onerror = no; i.src = document.querySelector('#frame-caption a').href; })")
        require(min(size) > 100, f"the whole picture is {size}")
        quiet(browser, page)
    run = report(bench, trace, "none.html", "--screenshots", "--gpu", "No Such Card")
    require("No Such Card" in run.err, f"no warning of the pictures: {run.err}")
    with Browser() as browser:
        browser.open(bench.path("none.html"))
        require("No Such Card" in browser.text("#no-pictures"), "the page does not say why there are no pictures")


# -- external memory: the chain of an image


def report_external(bench):
    env = {"VK_ICD_FILENAMES": bench.mock()}
    trace = bench.path("nv.vkr")
    ok(bench.capture(trace, [bench.app("external_nv")], env=env))
    report(bench, trace, "nv.html")
    page = bench.path("nv.html")
    images = [line for line in bench.dump(trace, "--command", "vkCreateImage") if line["result"] == "VK_SUCCESS"]
    with_nv = [line for line in images if any(node["sType"].endswith("IMAGE_CREATE_INFO_NV") and "EXTERNAL" in node["sType"]
                                              for node in line["args"]["pCreateInfo"]["pNext"])]
    with Browser() as browser:
        browser.open(page)
        found = search(browser, "externalmemoryimagecreateinfonv")
        require(found and NV in found[0] and f"{len(with_nv)} objects" in found[0], f"search for the struct: {found}")
        browser.key("Enter")
        browser.settle()
        require(browser.text("#object-count").startswith(f"{len(with_nv)} of "),
                f"{len(with_nv)} images have the struct: {browser.text('#object-count')}")
        browser.click("#object-list .row .object")
        browser.wait("document.querySelector('#object-detail h3')", "the image")
        chain = browser.texts("#object-detail .chain li")
        require(NV in chain and "VkImageFormatListCreateInfo" in chain, f"the chain: {chain}")
        marked = browser.texts("#object-detail mark.external")
        require("VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT_NV" in marked, f"marked: {marked}")
        calls = browser.texts("#object-detail .call")
        first = with_nv[0]["call"]
        require(calls[0].startswith(f"{first} t") and "vkCreateImage(" in calls[0], calls[0][:100])
        require(any("vkBindImageMemory" in call for call in calls), "no binding is shown")
        require(any("VkExportMemoryAllocateInfoNV" in call for call in calls), "the memory's chain is not shown")
        found = search(browser, "vkimage:2")
        require(found and found[0].startswith("objectVkImage:2"), f"search for VkImage:2: {found}")
        browser.key("Enter")
        browser.wait("document.querySelector('#object-detail h3').textContent === 'VkImage:2'", "VkImage:2")
        quiet(browser, page)


# -- a stranger's names


def report_hostile(bench):
    trace = bench.path("named.vkr")
    ok(bench.capture(trace, [bench.app("named")]))
    report(bench, trace, "named.html")
    page = bench.path("named.html")
    markup = page.read_text()
    require("owned" not in markup, "text of the trace stands in the page's markup")
    require(re.search(r"default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-", markup), "no content policy")
    with Browser() as browser:
        browser.open(page)
        found = search(browser, "<script>document")
        require(found and "<script>document.title='owned';window.owned=1</script>" in found[0], f"search: {found}")
        browser.key("Enter")
        browser.wait("document.querySelector('#object-detail h3')?.textContent.includes('<script>')", "the named buffer")
        names = browser.texts("#object-list .debug")
        for name in ("shadow map", '<img src=x onerror="window.owned=1">', "</script></style></textarea><h1>owned</h1>"):
            require(name in names, f"{name} is not among {names}")
        browser.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        browser.settle()
        require(not browser.evaluate("window.owned"), "a name of the trace ran as a script")
        require("owned" not in browser.evaluate("document.title"), "a name of the trace changed the title")
        blocked = browser.evaluate("(e => { e.textContent = 'window.owned = 2'; document.body.append(e); return window.owned ?? 0 })"
                                   "(document.createElement('script'))")
        same("a script of a stranger", blocked, 0)
        require(any("Content Security Policy" in error for error in browser.errors), "the policy did not speak")
        browser.errors.clear()
        quiet(browser, page)


# -- what can go wrong


def report_errors(bench):
    trace = small_trace(bench)
    program = [bench.reprise, "report"]
    text = bench.run([*program, "--help"]).expect().out
    require("Example" in text and "Exit status" in text, "`reprise report --help` has no example or exit status")
    says(bench.run([*program, trace]), 2, "--output")
    says(bench.run(program), 2, "FILE")
    says(bench.run([*program, trace, "-o", bench.path("x.html"), "--screenshot-count", "0"]), 2, "--screenshot-count")
    says(bench.run([*program, bench.path("missing.vkr"), "-o", bench.path("x.html")]), 3, "missing.vkr")
    says(bench.run([*program, trace, "-o", "/nonexistent/x.html"]), 3, "/nonexistent/x.html")
    says(bench.run([*program, trace, "-o", "/proc/x"]), 3, "/proc/x")
    noise = bench.path("noise.vkr")
    noise.write_bytes(bytes((i * 73 + 41) % 256 for i in range(100_000)))
    says(bench.run([*program, noise, "-o", bench.path("x.html")]), 3, "noise.vkr")
    require(not bench.path("x.html").exists(), "a report of nothing was left")
    short = bench.path("short.vkr")
    copy_head(trace, short, trace.stat().st_size * 2 // 3)
    report(bench, short, "short.html")
    with Browser() as browser:
        browser.open(bench.path("short.html"))
        require("did not finish this trace" in browser.text("#notices"), "the page does not say that the trace is cut")
        quiet(browser, bench.path("short.html"))
    flipped = bench.path("flipped.vkr")
    data = trace.read_bytes()
    for step in range(24):
        at = len(data) * step // 24
        flipped.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1:])
        run = bench.run([*program, flipped, "-o", bench.path("flipped.html")])
        require(run.status in (0, 3), f"byte {at} flipped: report ended with {run.status}: {run.err[-500:]}")


def report_headless(bench):
    """A program without frames of its own: the page has all the same, and says what ends a frame."""
    trace = small_trace(bench)
    report(bench, trace, "compute.html", "--screenshots")
    with Browser(dark=True) as browser:
        browser.open(bench.path("compute.html"))
        same("calls", number(browser, "calls"), grouped(bench.info(trace)["calls"]))
        require(browser.text("#no-pictures").startswith("No pictures:"), "no word on why there are no pictures")
        quiet(browser, bench.path("compute.html"))


def report_interrupted(bench):
    """SIGTERM ends the replay too, and takes its folder away."""
    trace = small_trace(bench)
    scratch = bench.path("scratch")
    scratch.mkdir()
    env = {**dying("hang"), "TMPDIR": scratch}
    process = bench.start([bench.reprise, "report", trace, "-o", bench.path("hangs.html"), "--screenshots"], env=env)
    until_it_hangs(process)
    require(list(scratch.iterdir()), "the replay has no folder to write to")
    process.send_signal(signal.SIGTERM)
    run = bench.finish(process)
    require(run.status == -signal.SIGTERM and "interrupted" in run.err, f"ended with {run.status}: {run.err}")
    require(not sleepers(bench), f"still running: {sleepers(bench)}")
    require(not list(scratch.iterdir()), f"left in the temporary folder: {list(scratch.iterdir())}")
    require(not list(bench.dir.glob("hangs.html*")), "half a page was left")
    run = bench.run([bench.reprise, "report", trace, "-o", bench.path("late.html"), "--screenshots",
                     "--screenshot-seconds", "2"], env=env).expect()
    require("did not end within 2 seconds" in run.err, f"why there are no pictures: {run.err}")
    require(not sleepers(bench), f"still running: {sleepers(bench)}")


# -- a large trace


def smoothness(browser):
    """Moves through the page as a person does; the longest task and the frame times, in milliseconds."""
    browser.evaluate("""
      window.tasks = [];
      new PerformanceObserver(list => tasks.push(...list.getEntries().map(e => Math.round(e.duration)))).observe({type: 'longtask'});
      window.gaps = [];
      (function frame(last) { requestAnimationFrame(now => { if (last) gaps.push(now - last); frame(now); }); })();
    """)
    browser.evaluate("document.querySelector('#bands').focus()")
    box = browser.evaluate("(r => [r.x, r.y, r.width, r.height])(document.querySelector('#brush').getBoundingClientRect())")
    middle = box[1] + box[3] / 2
    browser.mouse("mousePressed", box[0] + 0.3 * box[2], middle)
    for step in range(60):  # draws a window, then moves it
        browser.mouse("mouseMoved", box[0] + (0.3 + 0.002 * step) * box[2], middle)
    browser.mouse("mouseReleased", box[0] + 0.42 * box[2], middle)
    browser.mouse("mousePressed", box[0] + 0.36 * box[2], middle)
    for step in range(60):
        browser.mouse("mouseMoved", box[0] + (0.36 + 0.008 * step) * box[2], middle)
    browser.mouse("mouseReleased", box[0] + 0.9 * box[2], middle)
    for _ in range(60):
        browser.key("ArrowRight")
    browser.evaluate("""(async () => {
      const list = document.querySelector('#object-list');
      list.scrollIntoView();
      for (let i = 0; i < 120; ++i) {
        list.scrollTop = list.scrollHeight * (i % 2 ? i / 120 : i / 240);
        await new Promise(requestAnimationFrame);
      }
      for (let y = 0; y < document.body.scrollHeight; y += 120) {
        scrollTo(0, y);
        await new Promise(requestAnimationFrame);
      }
    })()""")
    for text in ("v", "vk", "vkim", "vkimage:1000", "1234", "extern"):
        search(browser, text)
    browser.settle()
    tasks, gaps = browser.evaluate("[tasks, gaps]")
    return max(tasks, default=0), sorted(gaps)


def report_large(bench):
    """100 MB: the page's size and what of it is in the document are bounded; times are printed, for people."""
    trace = bench.path("large.vkr")
    env = {"VK_ICD_FILENAMES": bench.mock()}
    bench.capture(trace, [bench.build / "tests" / "bench" / "storm", "frames", "--frames", "22000"], env=env).expect()
    require(trace.stat().st_size > 100e6, f"the trace has {trace.stat().st_size} bytes")
    report(bench, trace, "large.html")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    page = bench.path("large.html")
    info = bench.info(trace)
    with Browser() as browser:
        milliseconds = browser.open(page)
        same("calls", number(browser, "calls"), grouped(info["calls"]))
        same("submits", number(browser, "submits"), grouped(info["submits"]))
        longest, gaps = smoothness(browser)
        rows, listed = browser.evaluate("[document.querySelectorAll('#object-list .row').length, "
                                        "Number(document.querySelector('#object-table').getAttribute('aria-rowcount'))]")
        require(listed > 100_000 and rows < 100, f"{rows} of {listed} rows are in the document")
        nodes = browser.evaluate("document.querySelectorAll('*').length")
        require(nodes < 20_000, f"the document has {nodes} elements")
        quiet(browser, page)
    print(json.dumps({"trace MB": round(trace.stat().st_size / 1e6, 1), "page MB": round(page.stat().st_size / 1e6, 1),
                      "opens in ms": milliseconds, "longest task ms": longest, "frame ms, median": round(gaps[len(gaps) // 2], 1),
                      "99 %": round(gaps[len(gaps) * 99 // 100], 1), "peak MB of any child": round(peak)}))
    require(page.stat().st_size < MOST_PAGE_BYTES, f"the page has {page.stat().st_size} bytes")


CASES = {
    "report-cube": report_cube,
    "report-folder": report_folder,
    "report-external": report_external,
    "report-hostile": report_hostile,
    "report-errors": report_errors,
    "report-headless": report_headless,
    "report-interrupted": report_interrupted,
}
SLOW = {"report-large": report_large}
