'use strict';
// The page's data: sections of columns, each deflated and in base64; page_writer.cpp writes them.

const kUtf8 = new TextDecoder();

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; ++i) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The text of a data element, which is then let go of.
function takeData(name) {
  const element = document.getElementById('data-' + name);
  const text = element.textContent;
  element.remove();
  return text;
}

async function section(name) {
  return new Columns(await inflated(fromBase64(takeData(name))));
}

// Numbers (LEB128) and texts, in the order in which columns.h appended them.
class Columns {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  number() {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  column(count, Type) {
    const values = new Type(count);
    for (let i = 0; i < count; ++i) values[i] = this.number();
    return values;
  }

  steps(count, Type) {
    const values = new Type(count);
    let last = 0;
    for (let i = 0; i < count; ++i) values[i] = last += this.number();
    return values;
  }

  text() {
    const size = this.number();
    this.at += size;
    return kUtf8.decode(this.bytes.subarray(this.at - size, this.at));
  }

  all() {
    return kUtf8.decode(this.bytes);
  }
}

// Streams that lie one behind the other, each in base64 of its own; unpacked when they are asked for.
class Streams {
  constructor(name, sizes) {
    this.ends = new Float64Array(sizes.length);  // in characters
    let end = 0;
    for (let i = 0; i < sizes.length; ++i) this.ends[i] = end += 4 * Math.ceil(sizes[i] / 3);
    this.text = takeData(name);
    this.last = -1;
    this.unpacked = null;
  }

  packed(i) {
    return fromBase64(this.text.slice(i ? this.ends[i - 1] : 0, this.ends[i]));
  }

  async bytes(i) {
    if (this.last !== i) {
      this.last = i;
      this.unpacked = inflated(this.packed(i));
    }
    return this.unpacked;
  }
}

// Texts of calls that made objects: many in one stream.
class PackedTexts {
  constructor(name, facts, index) {
    this.pack = index.steps(facts.texts, Uint32Array);
    this.size = index.column(facts.texts, Uint32Array);
    this.streams = new Streams(name, index.column(facts.packs, Uint32Array));
    this.begin = new Uint32Array(facts.texts);
    for (let i = 1; i < facts.texts; ++i)
      this.begin[i] = this.pack[i] === this.pack[i - 1] ? this.begin[i - 1] + this.size[i - 1] : 0;
  }

  // `number` counts from 1; 0 is no text.
  async get(number) {
    if (number === 0) return null;
    const bytes = await this.streams.bytes(this.pack[number - 1]);
    const begin = this.begin[number - 1];
    return kUtf8.decode(bytes.subarray(begin, begin + this.size[number - 1]));
  }
}

class FrameTexts {
  constructor(facts, index) {
    this.stride = facts.stride;
    this.frames = index.steps(facts.units, Float64Array);
    this.shown = index.column(facts.units, Float64Array);
    this.streams = new Streams('frame-texts', index.column(facts.units, Uint32Array));
  }

  // The first kept frame of [first, end), -1 if there is none.
  find(first, end) {
    const place = lowerBound(this.frames, first);
    return place < this.frames.length && this.frames[place] < end ? place : -1;
  }

  async get(place) {
    return kUtf8.decode(await this.streams.bytes(place));
  }
}

// The first place whose value is not below `value`.
function lowerBound(values, value) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// All that the page knows. Small tables are there at once, the rest when read() is done.
class Trace {
  constructor(facts) {
    this.facts = facts;
  }

  static async open() {
    return new Trace(JSON.parse((await section('facts')).all()));
  }

  async readFrames() {
    const data = await section('frames');
    const rows = this.facts.rows;
    this.rows = rows;
    this.framesPerRow = this.facts.framesPerRow;
    this.firstCall = data.steps(rows, Float64Array);
    this.calls = data.column(rows, Float64Array);
    this.argumentBytes = data.column(rows, Float64Array);
    this.memoryBytes = data.column(rows, Float64Array);
    this.submits = data.column(rows, Float64Array);
    this.endMicroseconds = data.steps(rows, Float64Array);
    const counts = data.column(rows, Uint32Array);
    this.usesBegin = new Uint32Array(rows + 1);
    this.milliseconds = new Float64Array(rows);
    for (let i = 0; i < rows; ++i) {
      this.usesBegin[i + 1] = this.usesBegin[i] + counts[i];
      this.milliseconds[i] = (this.endMicroseconds[i] - (i ? this.endMicroseconds[i - 1] : 0)) / 1000;
    }
    this.frameTexts = new FrameTexts(this.facts.frameTexts, await section('frame-text-index'));
  }

  async readUses() {
    const data = await section('uses');
    this.useCommand = data.column(this.facts.uses, Uint16Array);
    this.useCalls = data.column(this.facts.uses, Float64Array);
  }

  async readObjects() {
    const data = await section('objects');
    const count = this.facts.objects;
    const objects = {count};
    objects.kind = data.column(count, Uint8Array);
    objects.number = data.column(count, Uint32Array);
    objects.flags = data.column(count, Uint8Array);
    objects.madeCall = data.steps(count, Float64Array);
    objects.madeFrame = data.steps(count, Uint32Array);
    objects.madeLane = data.column(count, Uint32Array);
    objects.madeCommand = data.column(count, Uint16Array);
    objects.endCall = data.column(count, Float64Array);
    objects.endFrame = data.column(count, Uint32Array);
    objects.endLane = data.column(count, Uint32Array);
    objects.endCommand = data.column(count, Uint16Array);
    objects.name = data.column(count, Uint32Array);
    objects.memory = data.column(count, Uint32Array);
    objects.madeText = data.column(count, Uint32Array);
    objects.boundText = data.column(count, Uint32Array);
    for (let i = 0; i < count; ++i) {
      objects.endCall[i] += objects.madeCall[i];
      objects.endFrame[i] += objects.madeFrame[i];
    }
    this.objects = objects;
    const names = await section('names');
    this.names = Array.from({length: this.facts.names}, () => names.text());
    const structRows = await section('struct-rows');
    for (const struct of this.facts.structs) struct.objectRows = structRows.steps(struct.rows, Uint32Array);
    this.imageTexts = new PackedTexts('image-texts', this.facts.imageTexts, await section('image-text-index'));
    this.otherTexts = new PackedTexts('other-texts', this.facts.otherTexts, await section('other-text-index'));
  }

  rowOfFrame(frame) {
    return Math.max(0, Math.min(this.rows - 1, Math.floor(frame / this.framesPerRow)));
  }

  rowOfCall(call) {
    const row = lowerBound(this.firstCall, call + 1) - 1;
    return Math.max(0, row);
  }

  // Where a call lies on the axis of rows, in part within its row.
  place(call, frame) {
    const row = this.rowOfFrame(frame);
    const calls = this.calls[row];
    const within = calls ? (call - this.firstCall[row]) / calls : 0;
    return row + Math.max(0, Math.min(1, within));
  }

  frameName(row) {
    const first = row * this.framesPerRow;
    if (this.framesPerRow === 1) return 'frame ' + grouped(first);
    return `frames ${grouped(first)} to ${grouped(first + this.framesPerRow - 1)}`;
  }

  objectName(i) {
    return this.facts.kinds[this.objects.kind[i]].name + ':' + this.objects.number[i];
  }

  debugName(i) {
    const name = this.objects.name[i];
    return name ? this.names[name - 1] : '';
  }

  isExternal(i) {
    return (this.objects.flags[i] & 1) !== 0;
  }

  hasEnded(i) {
    return (this.objects.flags[i] & 2) !== 0;
  }

  // The row of "VkImage:12", -1 if there is none.
  findObject(kind, number) {
    if (this.byKind === undefined) {
      this.byKind = this.facts.kinds.map(() => []);
      for (let i = 0; i < this.objects.count; ++i) this.byKind[this.objects.kind[i]].push(i);
    }
    const rows = this.byKind[kind];
    // Numbers rise with the order of making, but a limit may have left some out.
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.objects.number[rows[middle]] < number) low = middle + 1;
      else high = middle;
    }
    return low < rows.length && this.objects.number[rows[low]] === number ? rows[low] : -1;
  }

  // Text of the call that made an object.
  madeText(i) {
    return this.textsOf(i).get(this.objects.madeText[i]);
  }

  textsOf(i) {
    const kind = this.facts.kinds[this.objects.kind[i]].name;
    return ['VkImage', 'VkDeviceMemory', 'VkBuffer'].includes(kind) ? this.imageTexts : this.otherTexts;
  }
}
