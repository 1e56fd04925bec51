// What `reprise info --format json` says, whatever its keys: values in lists, rows in tables.

const kMostTableRows = 500;

function isTable(value) {
  return Array.isArray(value) && value.length > 0 && value.every(item => item !== null && typeof item === 'object' && !Array.isArray(item));
}

function isScalar(value) {
  return value === null || typeof value !== 'object';
}

function scalarText(value) {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (value === null || value === '') return '–';
  return typeof value === 'number' && Number.isInteger(value) ? grouped(value) : String(value);
}

function keyText(key) {
  return key.replaceAll('_', ' ');
}

// A table where the rows are flat, else the items one after the other.
function tableOf(items) {
  const keys = [...new Set(items.flatMap(Object.keys))];
  const flat = items.every(item => Object.values(item).every(isScalar));
  if (!flat) return make('div', {}, ...items.slice(0, kMostTableRows).map(item => make('div', {class: 'item'}, valueOf(item))));
  const head = make('tr', {}, ...keys.map(key => make('th', {scope: 'col'}, keyText(key))));
  const rows = items.slice(0, kMostTableRows).map(item => make('tr', {}, ...keys.map(key =>
    make('td', {class: typeof item[key] === 'number' ? 'number' : ''}, item[key] === undefined ? '' : foreign(scalarText(item[key]))))));
  const table = make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
  const left = items.length - rows.length;
  return make('div', {class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Table'}, table,
    left > 0 ? make('p', {class: 'quiet'}, `and ${grouped(left)} more`) : null);
}

function valueOf(value) {
  if (isScalar(value)) return foreign(scalarText(value));
  if (isTable(value)) return tableOf(value);
  if (Array.isArray(value)) return value.length ? make('span', {class: 'words'}, foreign(value.map(item => (isScalar(item) ? scalarText(item) : JSON.stringify(item))).join(', '))) : 'none';
  const list = make('dl', {class: 'pairs'});
  for (const [key, each] of Object.entries(value)) list.append(make('dt', {}, foreign(keyText(key))), make('dd', {}, valueOf(each)));
  return list;
}

function showFacts(trace) {
  const place = byId('facts-list');
  const {info, holes} = trace.facts;
  const plain = make('dl', {class: 'pairs'});
  place.append(plain);
  for (const [key, value] of Object.entries(info)) {
    if (isScalar(value)) {
      plain.append(make('dt', {}, keyText(key)), make('dd', {}, valueOf(value)));
      continue;
    }
    const size = Array.isArray(value) ? value.length : Object.keys(value).length;
    if (size === 0) continue;
    place.append(make('details', {}, make('summary', {}, keyText(key), make('span', {class: 'quiet'}, ` (${grouped(size)})`)), valueOf(value)));
  }
  if (holes.length)
    place.append(make('details', {open: true}, make('summary', {}, `holes: what could not be recorded (${grouped(holes.length)} shown)`),
      ...holes.map(callBlock)));
}

// The line of large numbers at the top.
function showNumbers(trace) {
  const {facts} = trace;
  const info = facts.info;
  const total = values => values.reduce((sum, value) => sum + value, 0);
  const numbers = [
    ['frames', grouped(facts.frames)],
    ['calls', grouped(facts.calls)],
    ['submits', grouped(total(trace.submits))],
    ['objects made', grouped(total(facts.kinds.map(kind => kind.made)))],
    ['memory changes', byteText(total(trace.memoryBytes))],
    ['in the file', byteText(info.file_bytes ?? 0)],
    ['holes', grouped(info.holes ?? facts.holes.length)],
    ['time', millisecondText((trace.endMicroseconds[trace.rows - 1] ?? 0) / 1000)],
  ];
  byId('numbers').append(...numbers.map(([name, value]) =>
    make('div', {'data-number': name}, make('dt', {}, name), make('dd', {}, value))));
}

// What the reader of the page has to know before all else.
function showNotices(trace) {
  const {facts} = trace;
  const notices = [...(facts.info.notes ?? [])];
  if (facts.reading) notices.unshift('The trace could not be read to its end: ' + facts.reading);
  if (facts.info.complete === false) notices.push('The writer did not finish this trace; it is shown up to its last watermark.');
  if (facts.framesPerRow > 1)
    notices.push(`The trace has so many frames that the timeline adds them up: each of its places stands for ${grouped(facts.framesPerRow)}.`);
  if (facts.namesLeft > 0) notices.push(`${counted(facts.namesLeft, 'debug name')} had no room in the page.`);
  if (facts.imageTexts.left > 0)
    notices.push(`${counted(facts.imageTexts.left, 'call')} that make images, buffers and memory had no room in the page.`);
  byId('notices').append(...notices.map(text => make('p', {class: 'notice'}, foreign(text))));
}
