"use strict";
const results = JSON.parse(document.getElementById("results").textContent);

// Text is always text: nothing of a trace becomes markup.
function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
  return node;
}

// A sign beside each word: readable without colour.
const KINDS = {
  "regression": {className: "bad", sign: "✗", title: ["regression", "regressions"]},
  "unexpected pass": {className: "bad", sign: "‼", title: ["unexpected pass", "unexpected passes"]},
  "broken": {className: "broken", sign: "⚠", title: ["broken", "broken"]},
  "as expected": {className: "good", sign: "✓", title: ["as expected", "as expected"]},
  "not run": {className: "none", sign: "–", title: ["not run", "not run"]},
};

function seconds(value) {
  return value >= 100 ? `${Math.round(value)} s` : `${value.toFixed(1)} s`;
}

function plural(count, one, more) {
  return `${count} ${count === 1 ? one : more}`;
}

const large = document.getElementById("large");
large.querySelector("button").addEventListener("click", () => large.close());

function picture(path, what, where) {
  const image = make("img");
  image.src = path;
  image.loading = "lazy";
  image.alt = `${what}, ${where}`;
  const button = make("button", "", image);
  button.type = "button";
  button.title = "Show in full size";
  button.addEventListener("click", () => {
    large.querySelector("img").src = path;
    large.querySelector("img").alt = image.alt;
    large.querySelector("figcaption").textContent = image.alt;
    large.showModal();
  });
  return make("figure", "", button, make("figcaption", "", what));
}

function place(item) {
  const parts = [`frame ${item.frame}`];
  if (item.command) parts.push(`call ${item.call}`, item.command);
  const object = item.object_name || item.object;
  if (object) parts.push(object);
  return parts.join(", ");
}

function findingNode(finding) {
  const node = make("section", "finding", make("h3", "", `${finding.file}: ${place(finding)}`), make("p", "", finding.text));
  const shown = [["reference", "Reference"], ["actual", "Actual"],
    ["difference", "Difference: white where pixels differ, in a frame"]].filter(([key]) => finding[key]);
  if (shown.length)
    node.append(make("div", "pictures", ...shown.map(([key, title]) => picture(finding[key], title, place(finding)))));
  return node;
}

function differencesTable(trace) {
  const head = ["Frame", "Call", "Thread", "Command", "Object", "Kind", "What differs"];
  const rows = trace.differences.map(d => make("tr", "",
    ...[d.frame, d.call, d.thread].map(value => make("td", "number", String(value))),
    ...[d.command, d.object_name || d.object, d.kind].map(value => make("td", "", value)), make("td", "text", d.text)));
  const header = make("tr", "", ...head.map(title => Object.assign(make("th", "", title), {scope: "col"})));
  const table = make("table", "", make("thead", "", header), make("tbody", "", ...rows));
  const box = make("div", "table", table);
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", `Differences of ${trace.name} from its capture`);
  const more = trace.difference_count - rows.length;
  return [make("h3", "", `${plural(trace.difference_count, "difference", "differences")} from the capture`), box,
    more > 0 ? make("p", "facts", `and ${more} more`) : null];
}

function facts(trace) {
  const list = make("dl");
  const add = (name, value) => { if (value) list.append(make("dt", "", name), make("dd", "", value)); };
  add("Trace", trace.source);
  add("Expected", trace.expected + (trace.reason ? `: ${trace.reason}` : ""));
  add("Device", trace.device);
  add("Driver", [trace.driver_name, trace.driver_info].filter(Boolean).join(", "));
  add("References of", trace.driver);
  if (trace.runs)
    add("Replayed", `${plural(trace.runs, "run", "runs")}, ${plural(trace.calls, "call", "calls")}, ` +
      plural(trace.frames, "frame", "frames"));
  const looked = [];
  if (trace.pictures) looked.push(plural(trace.pictures, "picture", "pictures") +
    (trace.lowest_ssim < 1 ? ` (lowest SSIM ${trace.lowest_ssim.toFixed(4)}, largest difference ${trace.largest.toFixed(1)} of 255)` : ""));
  if (trace.memories) looked.push(plural(trace.memories, "memory range", "memory ranges"));
  add("Compared", looked.length ? `${looked.join(" and ")}, tolerance ${trace.tolerance}` : "");
  add("--update wrote", trace.references);
  return list;
}

function bodyOf(trace) {
  const body = make("div", "body", facts(trace));
  if (trace.difference_count) body.append(...differencesTable(trace).filter(Boolean));
  body.append(...trace.findings.map(findingNode));
  const more = trace.finding_count - trace.findings.length;
  if (more > 0) body.append(make("p", "facts", `and ${more} more`));
  if (trace.sample)
    body.append(make("div", "pictures one", picture(trace.sample, "The last picture compared, as replayed", trace.name)));
  if (trace.notes.length)
    body.append(make("h3", "", "Notes of the replay"), make("ul", "", ...trace.notes.map(note => make("li", "", note))));
  if (trace.log) {
    const log = make("pre", "", trace.log);
    log.tabIndex = 0;
    body.append(make("h3", "", "The end of its log"), log);
  }
  return body;
}

function traceNode(trace) {
  const kind = KINDS[trace.judgement];
  const summary = make("summary", "", make("span", "badge", `${kind.sign} ${trace.judgement}`),
    make("span", "name", trace.name),
    make("span", "when", [trace.outcome, trace.driver, trace.runs ? seconds(trace.seconds) : ""].filter(Boolean).join(" · ")),
    trace.message ? make("span", "message", trace.message) : null);
  const node = make("details", `trace ${kind.className}`, summary);
  // What is not looked at is not built: thousands of traces open at once.
  const build = () => { if (node.open && node.childElementCount === 1) node.append(bodyOf(trace)); };
  node.addEventListener("toggle", build);
  node.open = kind.className === "bad" || kind.className === "broken";
  build();
  return node;
}

function start() {
  const totals = results.totals;
  const good = results.exit_status === 0 || results.exit_status === 77;
  const verdict = document.getElementById("verdict");
  verdict.className = `badge ${good ? "good" : "bad"}`;
  verdict.textContent = results.exit_status === 77 ? "– nothing could run" : good ? "✓ all as expected" : "✗ not as expected";
  document.title = `${verdict.textContent} · reprise check`;
  document.getElementById("run").textContent =
    [results.manifest, results.shard && `shard ${results.shard}`, results.started,
      plural(totals.traces, "trace", "traces"), seconds(results.seconds),
      results.repeat > 1 && `${results.repeat} runs each`, `exit status ${results.exit_status}`].filter(Boolean).join(" · ");
  const main = document.getElementById("traces");
  const order = Object.keys(KINDS);
  const traces = results.traces.map((trace, at) => ({trace, at}))
    .sort((a, b) => order.indexOf(a.trace.judgement) - order.indexOf(b.trace.judgement) || a.at - b.at)
    .map(({trace}) => ({trace, node: traceNode(trace),
      text: [trace.name, trace.driver, trace.device, trace.message, trace.outcome].join("\n").toLowerCase()}));
  main.append(...traces.map(entry => entry.node));

  const boxes = order.map(name => {
    const count = results.traces.filter(trace => trace.judgement === name).length;
    const input = Object.assign(make("input"), {type: "checkbox", checked: true, value: name, disabled: count === 0});
    document.getElementById("kinds").append(make("label", "", input, ` ${KINDS[name].sign} ${plural(count, ...KINDS[name].title)}`));
    return input;
  });
  const find = document.getElementById("find");
  const filter = () => {
    const wanted = new Set(boxes.filter(box => box.checked).map(box => box.value));
    const words = find.value.toLowerCase();
    let count = 0;
    for (const {trace, node, text} of traces) {
      node.hidden = !wanted.has(trace.judgement) || !text.includes(words);
      count += node.hidden ? 0 : 1;
    }
    document.getElementById("shown").textContent = `${count} of ${traces.length} shown`;
  };
  document.getElementById("filters").addEventListener("input", filter);
  document.getElementById("filters").addEventListener("submit", event => event.preventDefault());
  filter();
}
start();
