// Numbers, elements and the text of calls. Whatever comes from a trace becomes text nodes, never markup.

const kGrouping = new Intl.NumberFormat('en');

function grouped(value) {
  return kGrouping.format(value);
}

function counted(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function byteText(bytes) {
  if (bytes < 1000) return bytes + ' B';
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = -1;
  do {
    bytes /= 1000;
    ++unit;
  } while (bytes >= 999.5 && unit + 1 < units.length);
  return bytes.toPrecision(3) + ' ' + units[unit];
}

function millisecondText(value) {
  if (value >= 1000) return (value < 1e6 ? (value / 1000).toPrecision(3) : grouped(Math.round(value / 1000))) + ' s';
  return (value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3)) + ' ms';
}

// make('dt', {class: 'x'}, 'text', element, ...)
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

// A name that a trace chose: its direction must not turn what stands around it.
function foreign(text) {
  return make('bdi', {}, text);
}

// As a shell needs a word to be written.
function shellWord(text) {
  return /^[\w@%+=:,.\/-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";
}

// The command line that shows what the page does not.
function dumpCommand(trace, options) {
  return make('code', {class: 'command'}, `reprise dump ${shellWord(trace.facts.file)} ${options}`);
}

const kMarks = /(pNext\[\d+\] = )?(\bVk\w+)|\bVK_\w*HANDLE_TYPE_\w+/g;

// What a struct of external memory, or of its like, is called.
function isExternalStruct(name) {
  return /^Vk(External|Import|Export)/.test(name);
}

// The text of a call with what matters in it marked: structs of a chain, and external handle types.
function markedText(text) {
  const parts = [];
  let done = 0;
  for (const match of text.matchAll(kMarks)) {
    const handleType = match[2] === undefined;
    const chained = match[1] !== undefined;
    if (!handleType && !chained && !isExternalStruct(match[2])) continue;
    const begin = match.index + (match[1]?.length ?? 0);
    parts.push(text.slice(done, begin));
    const word = match[2] ?? match[0];
    const external = handleType || isExternalStruct(word);
    parts.push(make(external ? 'mark' : 'b', {class: external ? 'external' : 'chained'}, word));
    done = match.index + match[0].length;
  }
  parts.push(text.slice(done));
  return parts;
}

// The structs of the pNext chains in a call's text, in their order.
function chainOf(text) {
  return Array.from(text.matchAll(/pNext\[\d+\] = (Vk\w+)/g), match => match[1]);
}

// The calls in a text of `reprise dump`: a line that is not indented begins one.
function splitCalls(text) {
  return text.split(/\n(?=[^ \n])/).filter(call => call.trim() !== '');
}

function callBlock(text) {
  return make('pre', {class: 'call'}, ...markedText(text.replace(/\n$/, '')));
}
