// The frames as bands of bars over one axis, with a strip below that shows which part is in view.

const kBandHeight = 46;
const kAxisHeight = 22;
const kBrushHeight = 34;
const kGripWidth = 8;

function colors() {
  const style = getComputedStyle(document.documentElement);
  const color = name => style.getPropertyValue('--' + name).trim();
  return {ink: color('ink'), quiet: color('quiet'), line: color('line'), bar: color('bar'), mean: color('bar-mean'),
    chosen: color('chosen'), paper: color('paper'), window: color('window')};
}

// What is in view, in rows; listeners are told of each change.
class View {
  constructor(rows) {
    this.rows = rows;
    this.from = 0;
    this.to = rows;
    this.listeners = [];
  }

  show(from, to) {
    const least = Math.min(this.rows, 8);
    const span = Math.max(least, Math.min(this.rows, to - from));
    const start = Math.max(0, Math.min(this.rows - span, from + (to - from - span) / 2));
    if (start === this.from && start + span === this.to) return;
    this.from = start;
    this.to = start + span;
    for (const listener of this.listeners) listener();
  }

  zoom(factor, around) {
    const span = (this.to - this.from) * factor;
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - span * share, around + span * (1 - share));
  }

  reveal(row) {
    if (row >= this.from && row + 1 <= this.to) return;
    const span = this.to - this.from;
    this.show(row + 0.5 - span / 2, row + 0.5 + span / 2);
  }
}

// The greatest and the mean value of the rows under each pixel column.
function columnsOf(values, view, width) {
  const most = new Float64Array(width);
  const mean = new Float64Array(width);
  const perPixel = (view.to - view.from) / width;
  for (let x = 0; x < width; ++x) {
    const begin = Math.floor(view.from + x * perPixel);
    const end = Math.min(values.length, Math.max(begin + 1, Math.ceil(view.from + (x + 1) * perPixel)));
    let sum = 0;
    let top = 0;
    for (let i = begin; i < end; ++i) {
      sum += values[i];
      if (values[i] > top) top = values[i];
    }
    most[x] = top;
    mean[x] = end > begin ? sum / (end - begin) : 0;
  }
  return {most, mean};
}

// How high the scale goes: to the greatest value, unless a few tower above all else; these are then cut.
function scaleOf(most) {
  const sorted = Float64Array.from(most).sort();
  const greatest = sorted[sorted.length - 1] ?? 0;
  const usual = sorted[Math.floor(sorted.length * 0.97)] ?? 0;
  return usual > 0 && greatest > 4 * usual ? {top: usual * 1.6, greatest} : {top: greatest, greatest};
}

class Timeline {
  constructor(trace, choose) {
    this.trace = trace;
    this.choose = choose;
    this.view = new View(trace.rows);
    this.chosen = 0;
    this.hovered = -1;
    this.bands = [
      {name: 'calls', values: trace.calls, text: grouped, said: value => counted(value, 'call')},
      {name: 'argument bytes', values: trace.argumentBytes, text: byteText},
      {name: 'memory bytes', values: trace.memoryBytes, text: byteText},
      {name: 'submits', values: trace.submits, text: grouped, said: value => counted(value, 'submit')},
      {name: 'time', values: trace.milliseconds, text: millisecondText, said: millisecondText},
    ];
    this.canvas = byId('bands');
    this.brush = byId('brush');
    this.view.listeners.push(() => this.redraw());
    new ResizeObserver(() => this.redraw()).observe(this.canvas.parentElement);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
    this.listenToKeys();
    this.listenToBands();
    this.listenToBrush();
    byId('zoom-in').onclick = () => this.view.zoom(0.5, this.chosen + 0.5);
    byId('zoom-out').onclick = () => this.view.zoom(2, this.chosen + 0.5);
    byId('zoom-all').onclick = () => this.view.show(0, trace.rows);
  }

  // One more band, for the frames' calls of one command; null takes it away.
  track(band) {
    this.bands = this.bands.filter(other => !other.tracked);
    if (band) this.bands.push({...band, tracked: true, text: grouped});
    this.redraw();
  }

  select(row) {
    this.chosen = row;
    this.view.reveal(row);
    const first = row * this.trace.framesPerRow;
    this.canvas.setAttribute('aria-valuemin', 0);
    this.canvas.setAttribute('aria-valuemax', (this.trace.rows - 1) * this.trace.framesPerRow);
    this.canvas.setAttribute('aria-valuenow', first);
    this.canvas.setAttribute('aria-valuetext', this.describe(row));
    this.redraw();
  }

  describe(row) {
    const values = this.bands.map(band => band.said?.(band.values[row]) ?? `${band.text(band.values[row])} ${band.name}`);
    return `${this.trace.frameName(row)}: ${values.join(', ')}`;
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  rowAt(x) {
    const row = Math.floor(this.view.from + (x / this.canvas.clientWidth) * (this.view.to - this.view.from));
    return Math.max(0, Math.min(this.trace.rows - 1, row));
  }

  xOf(row) {
    return ((row - this.view.from) / (this.view.to - this.view.from)) * this.canvas.clientWidth;
  }

  draw() {
    const palette = colors();
    const width = Math.floor(this.canvas.parentElement.clientWidth);
    if (width <= 0) return;
    const height = this.bands.length * kBandHeight + kAxisHeight;
    const context = sized(this.canvas, width, height);
    this.bands.forEach((band, i) => this.drawBand(context, palette, band, i * kBandHeight, width));
    this.drawAxis(context, palette, height - kAxisHeight, width);
    this.drawChosen(context, palette, height);
    this.drawBrush(palette, width);
    byId('under').textContent = this.describe(this.hovered >= 0 ? this.hovered : this.chosen);
  }

  drawBand(context, palette, band, top, width) {
    const {most, mean} = columnsOf(band.values, this.view, width);
    const scale = scaleOf(most);
    const bottom = top + kBandHeight - 1;
    const room = kBandHeight - 17;
    const high = value => (scale.top > 0 ? Math.min(1, value / scale.top) * room : 0);
    const gap = width / (this.view.to - this.view.from) >= 5;
    for (let x = 0; x < width; ++x) {
      if (gap && x > 0 && this.rowAt(x - 1) !== this.rowAt(x)) continue;
      if (most[x] === 0) continue;
      const tall = Math.max(1, high(most[x]));
      context.fillStyle = palette.bar;
      context.fillRect(x, bottom - tall, 1, tall);
      context.fillStyle = palette.mean;
      context.fillRect(x, bottom - high(mean[x]), 1, high(mean[x]));
      if (most[x] > scale.top) {  // cut: a gap near its top says so
        context.fillStyle = palette.paper;
        context.fillRect(x, bottom - room + 4, 1, 3);
      }
    }
    context.fillStyle = palette.line;
    context.fillRect(0, bottom, width, 1);
    const cut = scale.greatest > scale.top ? ` (cut; the scale ends at ${band.text(Math.round(scale.top))})` : '';
    const highest = ` up to ${band.text(scale.greatest)}`;
    label(context, palette, band.name, width > 500 ? highest + cut : highest, 4, top + 12);
  }

  drawAxis(context, palette, top, width) {
    const perPixel = (this.view.to - this.view.from) / width;
    const least = perPixel * 90 * this.trace.framesPerRow;
    let step = 10 ** Math.ceil(Math.log10(Math.max(1, least)));
    for (const part of [5, 2]) if (step % part === 0 && step / part >= least) { step /= part; break; }
    context.font = '12px system-ui, sans-serif';
    const first = Math.ceil((this.view.from * this.trace.framesPerRow) / step) * step;
    for (let frame = first; frame <= this.view.to * this.trace.framesPerRow; frame += step) {
      const x = Math.round(this.xOf(frame / this.trace.framesPerRow));
      context.fillStyle = palette.line;
      context.fillRect(x, top, 1, 5);
      context.fillStyle = palette.quiet;
      const text = grouped(frame);
      const room = width - context.measureText(text).width;
      context.fillText(text, Math.max(0, Math.min(room, x + 3)), top + 15);
    }
  }

  // A line with a triangle on top: its shape says it, too.
  drawChosen(context, palette, height) {
    const x = Math.round(this.xOf(this.chosen + 0.5));
    context.fillStyle = palette.chosen;
    context.fillRect(x, 0, 2, height - kAxisHeight);
    context.beginPath();
    context.moveTo(x - 6, height - kAxisHeight + 8);
    context.lineTo(x + 8, height - kAxisHeight + 8);
    context.lineTo(x + 1, height - kAxisHeight);
    context.fill();
    if (this.marked) {
      context.fillStyle = palette.window;
      const [from, to] = this.marked;
      context.fillRect(Math.min(from, to), 0, Math.abs(to - from), height - kAxisHeight);
    }
  }

  drawBrush(palette, width) {
    const context = sized(this.brush, width, kBrushHeight);
    if (this.overview?.length !== width) this.overview = columnsOf(this.trace.calls, {from: 0, to: this.trace.rows}, width).most;
    const most = this.overview;
    const scale = scaleOf(most);
    context.fillStyle = palette.mean;
    for (let x = 0; x < width; ++x) {
      const tall = scale.top > 0 ? Math.min(1, most[x] / scale.top) * (kBrushHeight - 4) : 0;
      context.fillRect(x, kBrushHeight - tall, 1, tall);
    }
    const from = (this.view.from / this.trace.rows) * width;
    const to = (this.view.to / this.trace.rows) * width;
    context.fillStyle = palette.window;
    context.fillRect(from, 0, to - from, kBrushHeight);
    context.strokeStyle = palette.chosen;
    context.lineWidth = 2;
    context.strokeRect(from + 1, 1, Math.max(2, to - from - 2), kBrushHeight - 2);
    context.fillStyle = palette.chosen;
    for (const x of [from, to - 4]) context.fillRect(x, kBrushHeight / 4, 4, kBrushHeight / 2);
  }

  listenToKeys() {
    const page = () => Math.max(1, Math.round((this.view.to - this.view.from) / 10));
    const keys = {
      ArrowLeft: () => this.choose(this.chosen - 1),
      ArrowRight: () => this.choose(this.chosen + 1),
      ArrowDown: () => this.choose(this.chosen - 1),
      ArrowUp: () => this.choose(this.chosen + 1),
      PageUp: () => this.choose(this.chosen - page()),
      PageDown: () => this.choose(this.chosen + page()),
      Home: () => this.choose(0),
      End: () => this.choose(this.trace.rows - 1),
      '+': () => this.view.zoom(0.5, this.chosen + 0.5),
      '=': () => this.view.zoom(0.5, this.chosen + 0.5),
      '-': () => this.view.zoom(2, this.chosen + 0.5),
      0: () => this.view.show(0, this.trace.rows),
    };
    this.canvas.addEventListener('keydown', event => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  listenToBands() {
    let start = null;
    this.canvas.addEventListener('pointerdown', event => {
      if (event.button !== 0) return;
      start = event.offsetX;
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener('pointermove', event => {
      this.hovered = this.rowAt(event.offsetX);
      this.marked = start !== null && Math.abs(event.offsetX - start) > 4 ? [start, event.offsetX] : null;
      this.redraw();
    });
    this.canvas.addEventListener('pointerleave', () => {
      this.hovered = -1;
      this.redraw();
    });
    this.canvas.addEventListener('pointerup', event => {
      if (start === null) return;
      if (this.marked) {
        const [from, to] = [Math.min(...this.marked), Math.max(...this.marked)];
        this.view.show(this.rowAt(from), this.rowAt(to) + 1);
      } else {
        this.choose(this.rowAt(event.offsetX));
      }
      start = this.marked = null;
      this.redraw();
    });
    this.canvas.addEventListener('pointercancel', () => {
      start = this.marked = null;
      this.redraw();
    });
    this.canvas.addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.shiftKey) return;  // else the page scrolls
      event.preventDefault();
      const span = this.view.to - this.view.from;
      const way = event.deltaY || event.deltaX;
      if (event.ctrlKey) this.view.zoom(2 ** (way / 200), this.view.from + (event.offsetX / this.canvas.clientWidth) * span);
      else this.view.show(this.view.from + (way / 800) * span, this.view.to + (way / 800) * span);
    }, {passive: false});
  }

  listenToBrush() {
    let drag = null;  // how the window follows the pointer
    const rowsAt = x => (x / this.brush.clientWidth) * this.trace.rows;
    this.brush.addEventListener('pointerdown', event => {
      const grip = rowsAt(kGripWidth);
      const at = rowsAt(event.offsetX);
      const {from, to} = this.view;
      if (Math.abs(at - from) < grip) drag = now => this.view.show(Math.min(now, to - 1), to);
      else if (Math.abs(at - to) < grip) drag = now => this.view.show(from, Math.max(now, from + 1));
      else if (at > from && at < to && to - from < this.trace.rows) drag = now => this.view.show(from + now - at, to + now - at);
      else drag = now => this.view.show(Math.min(at, now), Math.max(at, now));
      this.brush.setPointerCapture(event.pointerId);
    });
    this.brush.addEventListener('pointermove', event => drag?.(rowsAt(event.offsetX)));
    for (const end of ['pointerup', 'pointercancel']) this.brush.addEventListener(end, () => (drag = null));
  }
}

// The canvas's context with its pixels matched to the screen's; the canvas is empty then.
function sized(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.height = height + 'px';
  }
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function label(context, palette, name, rest, x, y) {
  context.font = 'bold 12px system-ui, sans-serif';
  const width = context.measureText(name).width;
  context.fillStyle = palette.ink;
  context.fillText(name, x, y);
  context.font = '12px system-ui, sans-serif';
  context.fillStyle = palette.quiet;
  context.fillText(rest, x + width, y);
}
