// The objects: a filtered list of which only the rows in sight exist, their lives, and one object in detail.

const kMostListPixels = 8_000_000;  // browsers bound how tall an element may be

class ObjectList {
  constructor(trace, timeline, show) {
    this.trace = trace;
    this.timeline = timeline;
    this.show = show;
    this.list = byId('object-list');
    this.spacer = make('div', {class: 'spacer'});
    this.list.append(this.spacer);
    this.rows = new Map();  // drawn ones, by place in the filtered list
    this.shown = new Uint32Array(0);
    this.active = 0;
    this.struct = null;
    this.fillKinds();
    for (const id of ['object-kind', 'object-alive', 'object-external']) byId(id).onchange = () => this.filter();
    byId('object-text').oninput = () => this.filter();
    byId('object-struct').querySelector('button').onclick = () => this.filterByStruct(null);
    this.list.addEventListener('scroll', () => this.drawSoon(), {passive: true});
    this.list.addEventListener('keydown', event => this.key(event));
    this.list.addEventListener('click', event => this.click(event));
    new ResizeObserver(() => this.drawSoon()).observe(this.list);
    timeline.view.listeners.push(() => this.redrawBars());
    this.narrow = matchMedia('(max-width: 700px)');
    this.narrow.addEventListener('change', () => this.reset());
    this.filter();
  }

  get rowHeight() {
    return this.narrow.matches ? 56 : 28;
  }

  fillKinds() {
    const select = byId('object-kind');
    select.append(make('option', {value: ''}, 'all'));
    const kinds = this.trace.facts.kinds.map((kind, i) => ({...kind, i})).filter(kind => kind.made > 0);
    kinds.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const kind of kinds) select.append(make('option', {value: kind.i}, `${kind.name} (${grouped(kind.made)})`));
  }

  filterByStruct(struct) {
    this.struct = struct;
    const chip = byId('object-struct');
    chip.hidden = struct === null;
    if (struct) chip.querySelector('span').textContent = 'made with ' + struct.name;
    this.filter();
  }

  filter() {
    const {trace} = this;
    const objects = trace.objects;
    const kind = byId('object-kind').value;
    const text = byId('object-text').value.trim().toLowerCase();
    const alive = byId('object-alive').checked;
    const external = byId('object-external').checked;
    const matching = text === '' ? null : this.matcher(text);
    const row = this.timeline.chosen;
    const candidates = this.struct ? this.struct.objectRows : null;
    const count = candidates ? candidates.length : objects.count;
    const found = new Uint32Array(count);
    let size = 0;
    for (let j = 0; j < count; ++j) {
      const i = candidates ? candidates[j] : j;
      if (kind !== '' && objects.kind[i] !== Number(kind)) continue;
      if (external && !trace.isExternal(i)) continue;
      if (alive && !this.isAlive(i, row)) continue;
      if (matching && !matching(i)) continue;
      found[size++] = i;
    }
    this.shown = found.subarray(0, size);
    this.sayCount(kind);
    this.reset();
  }

  // By debug name, by number, or by "VkImage:12" and its parts.
  matcher(text) {
    const {trace} = this;
    const names = new Uint8Array(trace.names.length + 1);
    trace.names.forEach((name, i) => (names[i + 1] = name.toLowerCase().includes(text) ? 1 : 0));
    const number = /^\d+$/.test(text) ? Number(text) : -1;
    const typed = /^(vk\w*):?(\d*)$/.exec(text);
    const kinds = trace.facts.kinds.map(kind => typed !== null && kind.name.toLowerCase().includes(typed[1]));
    return i => names[trace.objects.name[i]] === 1 || trace.objects.number[i] === number ||
      (typed !== null && kinds[trace.objects.kind[i]] && (typed[2] === '' || String(trace.objects.number[i]).startsWith(typed[2])));
  }

  isAlive(i, row) {
    const objects = this.trace.objects;
    if (this.trace.rowOfFrame(objects.madeFrame[i]) > row) return false;
    return !this.trace.hasEnded(i) || this.trace.rowOfFrame(objects.endFrame[i]) >= row;
  }

  sayCount(kind) {
    const {facts} = this.trace;
    const parts = [`${grouped(this.shown.length)} of ${counted(facts.objects, 'object')}`];
    for (const each of facts.kinds) {
      if (each.listed === each.made || (kind !== '' && facts.kinds[kind] !== each)) continue;
      parts.push(`${each.name}: the first ${grouped(each.listed)} of ${grouped(each.made)} are listed`);
    }
    if (this.struct && this.struct.objects > this.struct.rows)
      parts.push(`the first ${grouped(this.struct.rows)} of ${grouped(this.struct.objects)} made with ${this.struct.name}`);
    byId('object-count').textContent = parts.join(' · ');
  }

  reset() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.active = Math.min(this.active, Math.max(0, this.shown.length - 1));
    this.height = Math.min(this.shown.length * this.rowHeight, kMostListPixels);
    this.spacer.style.height = this.height + 'px';
    byId('object-table').setAttribute('aria-rowcount', this.shown.length + 1);
    this.drawSoon();
  }

  drawSoon() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  // The place in the filtered list that is at the top; where the list is too tall, scrolling is scaled.
  get topPlace() {
    const whole = this.shown.length * this.rowHeight;
    if (whole <= kMostListPixels) return this.list.scrollTop / this.rowHeight;
    const room = this.list.clientHeight;
    return (this.list.scrollTop / (this.height - room)) * (this.shown.length - room / this.rowHeight);
  }

  draw() {
    const top = this.topPlace;
    const first = Math.max(0, Math.floor(top) - 2);
    const end = Math.min(this.shown.length, Math.ceil(top + this.list.clientHeight / this.rowHeight) + 2);
    for (const [place, row] of this.rows) {
      if (place >= first && place < end) continue;
      row.remove();
      this.rows.delete(place);
    }
    for (let place = first; place < end; ++place) {
      let row = this.rows.get(place);
      if (!row) {
        row = this.makeRow(place);
        this.rows.set(place, row);
        this.spacer.append(row);
      }
      row.style.transform = `translateY(${this.list.scrollTop + (place - top) * this.rowHeight}px)`;
      row.setAttribute('aria-selected', place === this.active);
    }
    this.list.setAttribute('aria-activedescendant', this.rows.has(this.active) ? 'object-row-' + this.active : '');
  }

  makeRow(place) {
    const {trace} = this;
    const i = this.shown[place];
    const objects = trace.objects;
    const ended = trace.hasEnded(i);
    const cell = (kind, ...content) => make('span', {role: 'cell', class: kind}, ...content);
    const track = make('span', {role: 'cell', class: 'life'}, make('i', {class: 'alive'}), make('i', {class: 'now'}));
    const row = make('div', {class: 'row', role: 'row', id: 'object-row-' + place, 'aria-rowindex': place + 2},
      cell('object', trace.objectName(i), trace.isExternal(i) ? make('abbr', {title: 'names external memory'}, 'ext') : null),
      cell('debug', foreign(trace.debugName(i))),
      cell('made', make('small', {}, 'frame '), grouped(objects.madeFrame[i])),
      cell('ended', ended ? grouped(objects.endFrame[i]) : 'never'),
      cell('by', `t${objects.madeLane[i]}`),
      track);
    row.dataset.place = place;
    this.drawBar(row, i);
    return row;
  }

  drawBar(row, i) {
    const {trace} = this;
    const {view} = this.timeline;
    const objects = trace.objects;
    const share = place => ((place - view.from) / (view.to - view.from)) * 100;
    const clamp = value => Math.max(0, Math.min(100, value));
    const ended = trace.hasEnded(i);
    const begin = share(trace.place(objects.madeCall[i], objects.madeFrame[i]));
    const end = ended ? share(trace.place(objects.endCall[i], objects.endFrame[i])) : 100;
    const bar = row.querySelector('.alive');
    bar.style.left = clamp(begin) + '%';
    bar.style.width = Math.max(0, clamp(end) - clamp(begin)) + '%';
    bar.className = 'alive' + (ended ? '' : ' endless') + (begin > 100 ? ' later' : '') + (end < 0 ? ' earlier' : '');
    const now = share(this.timeline.chosen + 0.5);
    const mark = row.querySelector('.now');
    mark.hidden = now < 0 || now > 100;
    mark.style.left = clamp(now) + '%';
  }

  redrawBars() {
    for (const [place, row] of this.rows) this.drawBar(row, this.shown[place]);
  }

  frameChosen() {
    if (byId('object-alive').checked) this.filter();
    else this.redrawBars();
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.rowHeight) - 1);
    const moves = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity};
    if (event.key === 'Enter' && this.shown.length) this.show(this.shown[this.active], true);
    else if (event.key in moves) this.activate(this.active + moves[event.key]);
    else return;
    event.preventDefault();
  }

  click(event) {
    const row = event.target.closest('.row');
    if (!row) return;
    this.active = Number(row.dataset.place);
    this.show(this.shown[this.active], false);
    this.drawSoon();
  }

  activate(place) {
    this.active = Math.max(0, Math.min(this.shown.length - 1, place));
    const top = this.topPlace;
    const visible = this.list.clientHeight / this.rowHeight;
    if (this.active < top) this.scrollToPlace(this.active);
    else if (this.active + 1 > top + visible) this.scrollToPlace(this.active + 1 - visible);
    this.drawSoon();
  }

  scrollToPlace(place) {
    const whole = this.shown.length * this.rowHeight;
    const room = this.list.clientHeight;
    this.list.scrollTop = whole <= kMostListPixels ? place * this.rowHeight
      : (place / (this.shown.length - room / this.rowHeight)) * (this.height - room);
  }

  // Makes the list show an object, without filters where they hide it.
  reveal(i) {
    let place = lowerBound(this.shown, i);
    if (this.shown[place] !== i) {
      byId('object-kind').value = '';
      byId('object-text').value = '';
      byId('object-alive').checked = byId('object-external').checked = false;
      this.filterByStruct(null);
      place = lowerBound(this.shown, i);
    }
    this.activate(place);
  }
}

// One object: who made it and when, its pNext chain, its memory.
class ObjectDetail {
  constructor(trace, chooseFrame, chooseObject) {
    this.trace = trace;
    this.chooseFrame = chooseFrame;
    this.chooseObject = chooseObject;
    this.panel = byId('object-detail');
  }

  async show(i, focus) {
    const {trace} = this;
    this.chosen = i;
    const texts = {made: await trace.madeText(i), bound: null, memory: null};
    const memory = trace.objects.memory[i] - 1;
    if (trace.objects.boundText[i]) texts.bound = await trace.imageTexts.get(trace.objects.boundText[i]);
    if (memory >= 0) texts.memory = await trace.madeText(memory);
    if (this.chosen !== i) return;
    const name = trace.debugName(i);
    const heading = make('h3', {}, trace.objectName(i), name ? make('span', {class: 'quiet'}, ' “', foreign(name), '”') : null);
    this.panel.replaceChildren(heading, this.life(i, memory), ...this.chain(texts), ...this.calls(i, memory, texts));
    this.panel.scrollTop = 0;
    if (focus) this.panel.focus();
  }

  life(i, memory) {
    const {trace} = this;
    const objects = trace.objects;
    const commands = trace.facts.commands;
    const event = (frame, call, lane, command) => [this.frameButton(frame), `, call ${grouped(call)}, by thread t${lane} with `,
      foreign(commands[command].name)];
    const list = make('dl', {class: 'life-facts'}, make('dt', {}, 'made'),
      make('dd', {}, ...event(objects.madeFrame[i], objects.madeCall[i], objects.madeLane[i], objects.madeCommand[i])),
      make('dt', {}, 'ended'));
    list.append(trace.hasEnded(i)
      ? make('dd', {}, ...event(objects.endFrame[i], objects.endCall[i], objects.endLane[i], objects.endCommand[i]))
      : make('dd', {}, 'never: alive when the trace ends'));
    if (memory >= 0) list.append(make('dt', {}, 'memory'), make('dd', {}, this.objectButton(memory)));
    list.append(make('dt', {}, 'all calls'), make('dd', {}, dumpCommand(trace, '--object ' + trace.objectName(i))));
    return list;
  }

  frameButton(frame) {
    const button = make('button', {type: 'button', class: 'link'}, `frame ${grouped(frame)}`);
    button.onclick = () => this.chooseFrame(this.trace.rowOfFrame(frame));
    return button;
  }

  objectButton(i) {
    const button = make('button', {type: 'button', class: 'link'}, this.trace.objectName(i));
    button.onclick = () => this.chooseObject(i);
    return button;
  }

  // The chains of its making and of its memory's, as a line of structs.
  chain(texts) {
    const lines = [];
    for (const [title, text] of [['pNext chain', texts.made], ['of its memory', texts.memory]]) {
      const structs = text ? chainOf(text) : [];
      if (text === null || (structs.length === 0 && title !== 'pNext chain')) continue;
      const items = structs.map(name => make('li', {class: isExternalStruct(name) ? 'external' : ''}, make('span', {}, name)));
      lines.push(make('p', {class: 'chain-title'}, structs.length ? title : 'pNext chain: empty'));
      if (items.length) lines.push(make('ol', {class: 'chain'}, ...items));
    }
    return lines;
  }

  calls(i, memory, texts) {
    const parts = [];
    const part = (title, text) => parts.push(make('h4', {}, title), callBlock(text));
    if (texts.made) part('The call that made it', texts.made);
    else parts.push(make('p', {class: 'quiet'}, 'The page has no room for the text of the call that made it.'));
    if (texts.bound) part('Bound to its memory', texts.bound);
    if (texts.memory) part(`Its memory, ${this.trace.objectName(memory)}`, texts.memory);
    if (parts.some(element => element.querySelector?.('mark')))
      parts.push(make('p', {class: 'quiet'}, make('mark', {class: 'external'}, 'Framed'), ' is what names external memory or a handle type.'));
    return parts;
  }
}
