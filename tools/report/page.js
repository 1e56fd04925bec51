// Puts the page together: what is chosen in one place shows in the others.

function fileName(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}

function showTitle(trace) {
  const {facts} = trace;
  const info = facts.info;
  const file = fileName(facts.file);
  document.title = `${file}: Reprise report`;
  byId('title').replaceChildren(foreign(file));
  const device = info.devices?.[0]?.deviceName;
  const parts = [info.program && `program ${info.program}`, device && `on ${device}`, info.captured && `captured ${info.captured}`];
  byId('subtitle').replaceChildren(foreign(parts.filter(Boolean).join(' · ')));
  byId('footer').replaceChildren(`Made by ${facts.tool} from `, foreign(facts.file), '. The page needs no network.');
}

class Page {
  constructor(trace) {
    this.trace = trace;
    this.tracked = -1;
    this.pictures = new Pictures(trace, row => this.chooseFrame(row));
    this.timeline = new Timeline(trace, row => this.chooseFrame(row));
    this.frame = new FramePanel(trace, this.pictures, command => this.track(command));
    this.objects = null;
    byId('frame-back').onclick = () => this.chooseFrame(this.timeline.chosen - 1);
    byId('frame-on').onclick = () => this.chooseFrame(this.timeline.chosen + 1);
    byId('frame-number').addEventListener('change', event => this.typedFrame(event.target));
    byId('tracked-back').onclick = () => this.toTracked(-1);
    byId('tracked-on').onclick = () => this.toTracked(1);
    byId('tracked-off').onclick = () => this.track(-1);
  }

  // What needs the whole of the data.
  complete() {
    const {trace} = this;
    this.objects = new ObjectList(trace, this.timeline, (i, focus) => this.detail.show(i, focus));
    this.detail = new ObjectDetail(trace, row => this.chooseFrame(row), i => this.chooseObject(i));
    this.search = new Search(trace, {
      frame: row => this.goToFrame(row),
      object: i => this.chooseObject(i),
      kind: kind => this.goToKind(kind),
      command: command => this.goToCommand(command),
      struct: struct => this.goToStruct(struct),
    });
    this.frame.showBreakdown();
  }

  chooseFrame(row) {
    const chosen = Math.max(0, Math.min(this.trace.rows - 1, row));
    this.timeline.select(chosen);
    byId('frame-number').value = chosen * this.trace.framesPerRow;
    // The rest follows once a frame of the screen, however fast one moves along the timeline.
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.pictures.mark(this.timeline.chosen * this.trace.framesPerRow);
      this.frame.show(this.timeline.chosen);
      this.objects?.frameChosen();
    });
  }

  goToFrame(row) {
    this.chooseFrame(row);
    byId('timeline').scrollIntoView();
    byId('bands').focus({preventScroll: true});
  }

  typedFrame(input) {
    const frame = Number(input.value);
    if (Number.isFinite(frame) && input.value.trim() !== '') this.chooseFrame(this.trace.rowOfFrame(frame));
    else input.value = this.timeline.chosen * this.trace.framesPerRow;
  }

  chooseObject(i) {
    this.objects.reveal(i);
    this.detail.show(i, false);
    byId('objects').scrollIntoView();
    byId('object-list').focus({preventScroll: true});
  }

  goToKind(kind) {
    byId('object-kind').value = kind;
    this.objects.filter();
    byId('objects').scrollIntoView();
    byId('object-list').focus({preventScroll: true});
  }

  goToStruct(struct) {
    this.chooseFrame(this.trace.rowOfFrame(struct.frame));
    if (struct.rows === 0) return this.goToFrame(this.timeline.chosen);
    byId('object-kind').value = '';
    byId('object-text').value = '';
    this.objects.filterByStruct(struct);
    byId('objects').scrollIntoView();
    byId('object-list').focus({preventScroll: true});
  }

  goToCommand(command) {
    this.track(command);
    if (this.trackedValues[this.timeline.chosen] === 0) this.toTracked(1, true);
    byId('timeline').scrollIntoView();
    byId('bands').focus({preventScroll: true});
  }

  // Shows the calls of one command as a band of the timeline; -1: of none.
  track(command) {
    const {trace} = this;
    this.tracked = command;
    byId('tracked').hidden = command < 0;
    if (command < 0) return this.timeline.track(null);
    const values = new Float64Array(trace.rows);
    for (let row = 0; row < trace.rows; ++row)
      for (let i = trace.usesBegin[row]; i < trace.usesBegin[row + 1]; ++i)
        if (trace.useCommand[i] === command) values[row] = trace.useCalls[i];
    this.trackedValues = values;
    const {name, calls} = trace.facts.commands[command];
    byId('tracked-name').replaceChildren(foreign(name), `: ${counted(calls, 'call')} `);
    this.timeline.track({name, values});
  }

  toTracked(step, wrap = false) {
    const values = this.trackedValues;
    let row = this.timeline.chosen + step;
    while (row >= 0 && row < values.length && values[row] === 0) row += step;
    if (row >= 0 && row < values.length) this.chooseFrame(row);
    else if (wrap) this.chooseFrame(Math.max(0, values.findIndex(value => value > 0)));
  }
}

async function start() {
  const trace = await Trace.open();
  showTitle(trace);
  await trace.readFrames();
  showNumbers(trace);
  showNotices(trace);
  const page = new Page(trace);
  page.chooseFrame(0);
  await trace.readUses();
  await trace.readObjects();
  page.complete();
  showFacts(trace);
  document.documentElement.dataset.ready = Math.round(performance.now());
}

start().catch(error => {
  byId('title').textContent = 'This report cannot be shown';
  byId('notices').append(make('p', {class: 'notice'}, `The page's data could not be read (${error.message}). The file may be cut off, or the ` +
    'browser older than Chromium 80, Firefox 113 or Safari 16.4; make the report again, or use another browser.'));
  document.documentElement.dataset.failed = error.message;
  throw error;
});
