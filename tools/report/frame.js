// The chosen frame: its numbers, its picture, its calls by command, and the first of them as text.

const kCallsAtOnce = 60;

class FramePanel {
  constructor(trace, pictures, track) {
    this.trace = trace;
    this.pictures = pictures;
    this.track = track;
    byId('frame-more').onclick = () => this.showMore();
  }

  show(row) {
    const trace = this.trace;
    this.row = row;
    const name = trace.frameName(row);
    byId('frame-title').textContent = name[0].toUpperCase() + name.slice(1);
    const first = trace.firstCall[row];
    const last = first + trace.calls[row] - 1;
    const facts = [
      trace.calls[row] ? `${counted(trace.calls[row], 'call')} (${grouped(first)} to ${grouped(last)})` : 'no calls',
      `${byteText(trace.argumentBytes[row])} of arguments`,
      `${byteText(trace.memoryBytes[row])} of memory changes`,
      counted(trace.submits[row], 'submit'),
      `${millisecondText(trace.milliseconds[row])}, up to ${millisecondText(trace.endMicroseconds[row] / 1000)} since the start`,
    ];
    if (row * trace.framesPerRow >= trace.facts.frames) facts.push('what came after the last frame ended');
    byId('frame-facts').textContent = facts.join(' · ');
    this.showPicture();
    this.showBreakdown();
    this.showCalls();
  }

  showPicture() {
    const figure = byId('frame-picture');
    const frame = this.row * this.trace.framesPerRow;
    const picture = this.pictures.nearest(frame);
    figure.hidden = !picture;
    if (!picture) return;
    const exact = picture.frame === frame;
    const image = byId('frame-image');
    image.src = this.pictures.source(picture);
    image.alt = `Frame ${picture.frame} of the replay`;
    const caption = byId('frame-caption');
    const size = `${picture.width} × ${picture.height}`;
    caption.replaceChildren(exact ? `Replay of frame ${grouped(frame)}, ${size}. `
      : `No picture of this frame; the nearest is of frame ${grouped(picture.frame)}, ${size}. `);
    if (picture.link) caption.append(make('a', {href: picture.link}, 'Full size'));
  }

  showBreakdown() {
    const trace = this.trace;
    const body = byId('breakdown').tBodies[0];
    body.replaceChildren();
    if (!trace.useCommand) return;  // not read yet
    const uses = [];
    for (let i = trace.usesBegin[this.row]; i < trace.usesBegin[this.row + 1]; ++i) uses.push(i);
    uses.sort((a, b) => trace.useCalls[b] - trace.useCalls[a]);
    for (const i of uses) {
      const command = trace.useCommand[i];
      const share = trace.useCalls[i] / Math.max(1, trace.calls[this.row]);
      const bar = make('span', {class: 'share'});
      bar.style.width = (share * 100).toFixed(2) + '%';
      const button = make('button', {type: 'button', class: 'plain', title: 'Show its calls in the timeline'},
        foreign(trace.facts.commands[command].name));
      button.onclick = () => this.track(command);
      body.append(make('tr', {}, make('td', {}, button), make('td', {class: 'number'}, grouped(trace.useCalls[i])),
        make('td', {class: 'shares'}, bar)));
    }
  }

  async showCalls() {
    const trace = this.trace;
    const row = this.row;
    const begin = row * trace.framesPerRow;
    const list = byId('frame-calls');
    const place = trace.frameTexts.find(begin, begin + trace.framesPerRow);
    const text = place < 0 ? '' : await trace.frameTexts.get(place);
    if (this.row !== row) return;  // another frame was chosen meanwhile
    this.calls = splitCalls(text);
    list.replaceChildren();
    list.scrollTop = 0;
    this.shownCalls = 0;
    this.sayWhatIsThere(place, begin);
    this.showMore();
  }

  sayWhatIsThere(place, begin) {
    const trace = this.trace;
    const end = Math.min(begin + trace.framesPerRow - 1, trace.facts.frames);
    const line = byId('frame-shown');
    const command = dumpCommand(trace, `--frames ${begin === end ? begin : begin + '-' + end}`);
    if (place < 0) {
      const stride = trace.frameTexts.stride;
      line.replaceChildren(`The page holds calls as text of every ${grouped(stride)}th frame. These: `, command);
      return;
    }
    const frame = trace.frameTexts.frames[place];
    const of = trace.framesPerRow > 1 ? ` of frame ${grouped(frame)}` : '';
    line.replaceChildren(`The first ${counted(trace.frameTexts.shown[place], 'line')}${of}: calls, and what starts with - (memory, ` +
      'holes, metadata). All of it: ', command);
  }

  showMore() {
    const list = byId('frame-calls');
    const next = this.calls.slice(this.shownCalls, this.shownCalls + kCallsAtOnce);
    list.append(...next.map(callBlock));
    this.shownCalls += next.length;
    const left = this.calls.length - this.shownCalls;
    byId('frame-more').hidden = left <= 0;
    byId('frame-more').textContent = `Show ${Math.min(left, kCallsAtOnce)} more of ${left}`;
  }
}

// The replay's pictures: thumbnails lie in the page, whole ones beside it or nowhere.
class Pictures {
  constructor(trace, choose) {
    this.trace = trace;
    this.items = trace.facts.pictures.items;
    this.text = this.items.length ? takeData('pictures') : '';
    let at = 0;
    for (const item of this.items) {
      item.begin = at;
      item.end = at += 4 * Math.ceil(item.size / 3);
    }
    const why = trace.facts.pictures.why;
    byId('no-pictures').hidden = !why;
    byId('no-pictures').textContent = why ? (this.items.length ? 'Not all pictures: ' : 'No pictures: ') + why : '';
    byId('strip').hidden = this.items.length === 0;
    byId('strip').append(...this.items.map(item => this.card(item, choose)));
  }

  // Made when it is first looked at.
  source(item) {
    item.source ??= URL.createObjectURL(
      new Blob([fromBase64(this.text.slice(item.begin, item.end))], {type: 'image/png'}));
    return item.source;
  }

  card(item, choose) {
    const name = `Frame ${grouped(item.frame)}` + (item.index ? `, picture ${item.index + 1}` : '');
    const image = make('img', {alt: '', decoding: 'async', width: item.width, height: item.height});
    this.watch(image, item);
    const button = make('button', {type: 'button', class: 'card', 'data-frame': item.frame}, image, make('span', {}, name));
    button.onclick = () => choose(this.trace.rowOfFrame(item.frame));
    return make('div', {role: 'listitem'}, button);
  }

  watch(image, item) {
    this.watched ??= new Map();
    this.watcher ??= new IntersectionObserver(entries => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        entry.target.src = this.source(this.watched.get(entry.target));
        this.watcher.unobserve(entry.target);
      }
    }, {root: null, rootMargin: '400px'});
    this.watched.set(image, item);
    this.watcher.observe(image);
  }

  nearest(frame) {
    let best = null;
    for (const item of this.items)
      if (!best || Math.abs(item.frame - frame) < Math.abs(best.frame - frame)) best = item;
    return best;
  }

  mark(frame) {
    const best = this.nearest(frame);
    for (const card of byId('strip').querySelectorAll('.card')) {
      const chosen = best && Number(card.dataset.frame) === best.frame;
      if (!chosen) {
        card.removeAttribute('aria-current');
        continue;
      }
      card.setAttribute('aria-current', 'true');
      const strip = byId('strip');
      const [left, right] = [card.offsetLeft - strip.offsetLeft, card.offsetLeft - strip.offsetLeft + card.offsetWidth];
      if (left < strip.scrollLeft || right > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = left - 20;
    }
  }
}
