"""The results as a Markdown table, one row a program."""

from workplace import status_word

WIDEST = 100  # letters of a reason


def table_of(heads, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]]) + "\n"


def percent(share):
    return "-" if share is None else f"{100 * share:.0f} %"


def capture_cell(result):
    status = status_word(result["status"])
    if result["status"] != result["native_status"]:
        status += f", natively {status_word(result['native_status'])}"
    pictures = result["pictures"]
    if pictures is None:
        alike = ("output equal" if result["same_output"] else
                 "output equal but for its figures" if result["same_but_figures"] else "**another output**")
        return f"{status}; {alike}"
    if not result["deterministic"] or not result["draws"]:
        return f"{status}; {pictures['frames']} frames"
    return f"{status}; {pictures['equal']} of {pictures['compared']} frames equal"


def reason(result):
    """What a replay with status 4 said this machine lacks; otherwise the last that it said."""
    lines = [line.removeprefix("reprise: ") for line in result["said"]]
    lacking = [line.strip().split(":")[0] for line in lines if line.startswith("  ")]
    lacking = "lacks " + ", ".join(lacking) if lacking else ""
    said = lacking or (lines or ["nothing said"])[-1]
    return said if len(said) <= WIDEST else said[:WIDEST] + "..."


def pictures_cell(result):
    """What a replay that ended well was judged by."""
    pictures, difference = result.get("pictures"), result.get("difference")
    if not pictures:
        alike = result.get("like_headless")
        if not alike:
            return f"{result['calls']} calls"
        return f"{alike['equal']} of {alike['compared']} frames as headless"
    equal = f"{pictures['equal']} of {pictures['compared']} frames equal"
    if difference and pictures["equal"] != pictures["compared"]:
        return f"{equal}, mean difference {difference.get('mean', '?')} of 255"
    return equal


def replay_cell(result):
    if result is None:
        return "-"
    status = status_word(result["status"])
    if result["status"] != 0:
        own = result.get("own")
        also = ""
        if own is not None:
            alike = "equal" if own.get("same") else "not equal"
            also = f"; captured here: {status_word(own['status'])}, {alike}"
        return f"{status}: {reason(result)}{also}"
    parts = [status, pictures_cell(result)]
    if result.get("same") is False:
        parts.append("**differs**")
    return "; ".join(parts)


def beside_cell(result):
    if result is None:
        return "-"
    errors = f" ({result['errors']} errors)" if result.get("errors") else ""
    return f"{result['capture']}; {result['replay']}{errors}"


def natively_cell(result):
    if result["runs"] is None:
        return "not tried"
    if not result["runs"]:
        return f"no ({status_word(result['status'])})"
    return "yes" if result["repeatable_output"] else "yes, but two runs differ"


def row(name, program, others):
    if "error" in program:
        return [name, program["error"]]
    rate = program.get("rate")
    cells = [name, capture_cell(program["capture"]), percent(rate["kept"]) if rate else "-"]
    for driver in ["lavapipe", *others]:
        if driver != "lavapipe":
            native = program["elsewhere"].get(driver)
            home = f"{driver} headless" in program["replays"]
            cells.append(natively_cell(native) if native else "captured there" if home else "not installed")
        cells += [replay_cell(program["replays"].get(f"{driver} {wsi}")) for wsi in ("headless", "xcb")]
    return [*cells, beside_cell(program.get("gfxreconstruct")), program["compared"]]


def markdown(results, others):
    heads = ["program", "capture: status; output", "speed kept", "replay on lavapipe, headless", "under Xvfb"]
    for driver in others:
        title = {"swiftshader": "SwiftShader"}.get(driver, driver)
        heads += [f"runs on {title} natively", f"replay on {title}, headless", "under Xvfb"]
    heads += ["gfxreconstruct: capture; replay", "compared"]
    rows = [row(name, program, others) for name, program in results["programs"].items()]
    return table_of(heads, rows)
