// Search: frames, calls, objects, debug names, commands and structs, while one types.

const kMostOfGroup = 8;

class Search {
  // `go`: what to do with each kind of result.
  constructor(trace, go) {
    this.trace = trace;
    this.go = go;
    this.input = byId('search');
    this.list = byId('results');
    this.results = [];
    this.active = -1;
    this.names = null;  // in lower case, made when first needed
    this.input.addEventListener('input', () => this.update());
    this.input.addEventListener('focus', () => this.update());
    this.input.addEventListener('keydown', event => this.key(event));
    this.input.addEventListener('blur', () => setTimeout(() => this.close(), 150));
    this.list.addEventListener('pointerdown', event => event.preventDefault());  // keeps the focus
    this.list.addEventListener('click', event => {
      const option = event.target.closest('[role=option]');
      if (option) this.take(Number(option.dataset.place));
    });
    document.addEventListener('keydown', event => {
      const typing = event.target.closest?.('input, select, textarea');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.input.select();
      this.input.focus();
    });
  }

  update() {
    const text = this.input.value.trim();
    this.results = text === '' ? [] : this.find(text);
    this.active = this.results.length ? 0 : -1;
    this.draw(text);
  }

  find(text) {
    const lower = text.toLowerCase();
    return [...this.numbers(lower), ...this.objects(lower), ...this.commands(lower), ...this.structs(lower),
      ...this.debugNames(lower)];
  }

  numbers(text) {
    const {trace} = this;
    const match = /^(frame|call)?\s*#?(\d+)$/.exec(text);
    if (!match) return [];
    const number = Number(match[2]);
    const found = [];
    if (match[1] !== 'call' && number < trace.rows * trace.framesPerRow)
      found.push({group: 'frame', name: `Frame ${grouped(number)}`, note: '', run: () => this.go.frame(trace.rowOfFrame(number))});
    if (match[1] !== 'frame' && number < trace.facts.calls) {
      const row = trace.rowOfCall(number);
      found.push({group: 'call', name: `Call ${grouped(number)}`, note: `in ${trace.frameName(row)}`, run: () => this.go.frame(row)});
    }
    return found;
  }

  objects(text) {
    const {trace} = this;
    const match = /^(vk\w*):(\d+)$/.exec(text) ?? /^(vk\w*)$/.exec(text);
    if (!match) return [];
    const found = [];
    trace.facts.kinds.forEach((kind, i) => {
      const name = kind.name.toLowerCase();
      if (kind.made === 0 || found.length >= kMostOfGroup) return;
      if (match[2] === undefined) {
        if (name.includes(match[1]))
          found.push({group: 'type', name: kind.name, note: counted(kind.made, 'object'), run: () => this.go.kind(i)});
      } else if (name === match[1]) {
        const row = trace.findObject(i, Number(match[2]));
        if (row >= 0) found.push({group: 'object', name: trace.objectName(row), note: trace.debugName(row), run: () => this.go.object(row)});
      }
    });
    return found;
  }

  commands(text) {
    const found = [];
    this.trace.facts.commands.forEach((command, i) => {
      if (command.name.toLowerCase().includes(text))
        found.push({group: 'command', name: command.name, note: counted(command.calls, 'call'), calls: command.calls, run: () => this.go.command(i)});
    });
    return found.sort((a, b) => b.calls - a.calls).slice(0, kMostOfGroup);
  }

  // Structs of pNext chains, and those that commands are given.
  structs(text) {
    const {facts} = this.trace;
    const found = [];
    for (const struct of facts.structs) {
      if (!struct.name.toLowerCase().includes(text)) continue;
      const objects = struct.objects ? `, ${counted(struct.objects, 'object')}` : '';
      found.push({group: 'pNext', name: struct.name, note: `${counted(struct.calls, 'call')}${objects}, first in frame ${grouped(struct.frame)}`,
        calls: struct.calls, run: () => this.go.struct(struct)});
    }
    const chained = new Set(facts.structs.map(struct => struct.name));
    facts.commands.forEach((command, i) => {
      for (const name of command.structs) {
        if (chained.has(name) || !name.toLowerCase().includes(text)) continue;
        found.push({group: 'struct', name, note: `of ${command.name}`, calls: command.calls, run: () => this.go.command(i)});
      }
    });
    return found.sort((a, b) => b.calls - a.calls).slice(0, kMostOfGroup);
  }

  debugNames(text) {
    const {trace} = this;
    this.names ??= trace.names.map(name => name.toLowerCase());
    const found = [];
    for (let i = 0; i < this.names.length && found.length < kMostOfGroup; ++i) {
      if (!this.names[i].includes(text)) continue;
      const row = trace.objects.name.indexOf(i + 1);
      if (row < 0) continue;  // the object was named anew
      found.push({group: 'name', name: trace.names[i], note: trace.objectName(row), run: () => this.go.object(row)});
    }
    return found;
  }

  draw(text) {
    const open = text !== '';
    this.list.hidden = !open;
    this.input.setAttribute('aria-expanded', open);
    this.list.replaceChildren(...this.results.map((result, i) => make('li', {role: 'option', id: 'result-' + i,
      'data-place': i, 'aria-selected': String(i === this.active)}, make('span', {class: 'group'}, result.group),
    foreign(result.name), make('span', {class: 'quiet'}, ' ', foreign(result.note)))));
    if (open && this.results.length === 0) this.list.append(make('li', {class: 'quiet', role: 'presentation'}, 'Nothing found'));
    this.input.setAttribute('aria-activedescendant', this.active >= 0 ? 'result-' + this.active : '');
  }

  key(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (step && this.results.length) {
      this.active = (this.active + step + this.results.length) % this.results.length;
      this.draw(this.input.value.trim());
      byId('result-' + this.active).scrollIntoView({block: 'nearest'});
    } else if (event.key === 'Enter' && this.active >= 0) {
      this.take(this.active);
    } else if (event.key === 'Escape') {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
  }

  take(place) {
    const result = this.results[place];
    this.close();
    result.run();
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', false);
  }
}
