// The page of a tracker and of a peer: it follows the answers that openapi.json describes, and changes what has
// changed. Whatever another machine chose (names, links) becomes text, never markup.
"use strict";

const byId = (id) => document.getElementById(id);

const setsAtOnce = 20;
const peersAtOnce = 50;
const holdersAtOnce = 24;
const silenceLimit = 15_000;  // milliseconds; the server says every 5 seconds that it is there
const pauseBeforeRetry = 1_000;
const pauseBeforeLook = 150;  // at the holders of a cell: who passes over many of them asks once

// --- figures, as the programs print them (core/base/units.hpp)

const number = (value) => value.toLocaleString("en");

function amount(value, what) {
  return `${number(value)} ${what}${value === 1 ? "" : "s"}`;
}

function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let unit = 0;
  for (; bytes >= 1023.5 && unit + 1 < units.length; ++unit) bytes /= 1024;
  const decimals = unit === 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  return `${bytes.toFixed(decimals)} ${units[unit]}`;
}

const rate = (bytesPerSecond) => `${size(bytesPerSecond)}/s`;
const limit = (bytesPerSecond) => bytesPerSecond === 0 ? "no limit" : rate(bytesPerSecond);

// Rounded down: only what is complete has 100 %.
function percent(part, whole) {
  const tenths = whole === 0 ? 1000 : Math.floor(1000 * part / whole);
  return `${tenths === 1000 ? 100 : (tenths / 10).toFixed(1)} %`;
}

function ago(seconds) {
  if (seconds < 2) return "now";
  return seconds < 60 ? `${Math.floor(seconds)} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

// Marks that turn the direction of writing can make a name look like another.
function printable(name) {
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, "?");
}

// --- elements, touched only where they differ: what has not changed is neither drawn nor read out again

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function put(element, property, value) {
  if (element[property] !== value) element[property] = value;
}

const setText = (element, text) => put(element, "textContent", text);

function setName(element, name) {
  const shown = printable(name);
  setText(element, shown);
  put(element, "title", shown);
}

/// Children that belong to keys, in the order of the keys. `make` is asked for what is new.
function setChildren(parent, keys, make) {
  const known = parent.known ??= new Map();
  const wanted = new Set(keys);
  for (const [key, child] of known) {
    if (wanted.has(key)) continue;
    child.remove();
    known.delete(key);
  }
  let next = parent.firstElementChild;
  for (const key of wanted) {
    if (!known.has(key)) known.set(key, make(key));
    const child = known.get(key);
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  return known;
}

/// [title, text, whether it is bad], for each.
function setFigures(list, figures) {
  const shown = setChildren(list, figures.map(([title]) => title),
    (title) => make("div", {}, make("dt", {textContent: title}), make("dd")));
  for (const [title, text, isBad] of figures) {
    const value = shown.get(title).lastElementChild;
    setText(value, text);
    value.classList.toggle("alarm", Boolean(isBad));
  }
}

// --- columns of lists: `begin` makes what is in a cell, `fill` brings it up to date

function textColumn(title, text) {
  return {title, style: "text", begin() {}, fill: (cell, row) => setText(cell, text(row))};
}

function figureColumn(title, value, text = number) {
  return {
    title, style: "figure", begin() {},
    fill(cell, row) {
      setText(cell, text(value(row)));
      cell.classList.toggle("nothing", value(row) === 0);
    },
  };
}

function alarmColumn(title, value) {
  const column = figureColumn(title, value);
  return {
    ...column,
    fill(cell, row) {
      column.fill(cell, row);
      cell.classList.toggle("alarm", value(row) > 0);
    },
  };
}

function progressColumn(title, part, whole) {
  return {
    title, style: "progress",
    begin: (cell) => cell.append(make("progress", {ariaHidden: "true"}), make("span")),
    fill(cell, row) {
      const [bar, text] = cell.children;
      put(bar, "max", Math.max(1, whole(row)));
      put(bar, "value", whole(row) === 0 ? 1 : part(row));
      cell.classList.toggle("complete", part(row) === whole(row));
      setText(text, percent(part(row), whole(row)));
    },
  };
}

/// Below the name stands what else tells one from another.
function nameColumn(title, name, more) {
  return {
    title, style: "name",
    begin: (cell) => cell.append(make("bdi"), make("small")),
    fill(cell, row) {
      setName(cell.firstChild, name(row));
      setText(cell.lastChild, more(row));
    },
  };
}

/// A name that chooses its file-set.
function setColumn(name, more, key) {
  const column = nameColumn("Name", name, more);
  return {
    ...column,
    begin: (cell) => cell.append(make("a", {}, make("bdi")), make("small")),
    fill(cell, row) {
      const link = cell.firstChild;
      if (link.hash !== fragmentOf(key(row))) link.href = fragmentOf(key(row));
      setName(link.firstChild, name(row));
      setText(cell.lastChild, more(row));
      const isChosen = key(row) === chosen;
      put(link, "ariaCurrent", isChosen ? "true" : null);
      cell.parentElement.classList.toggle("chosen", isChosen);
    },
  };
}

// --- lists, page by page

class List {
  /// `turn` is told that another page is wanted, which begins after so many rows.
  constructor(place, {label, columns, key, empty, atOnce, turn}) {
    Object.assign(this, {columns, key, atOnce, turn, after: 0});
    // The style sheet makes cards of rows where there is no room: the roles are told again, as they would be lost.
    const heads = columns.map(({title, style}) =>
      make("th", {scope: "col", role: "columnheader", className: style, textContent: title}));
    this.body = make("tbody", {role: "rowgroup"});
    this.table = make("table", {role: "table", ariaLabel: label},
      make("thead", {role: "rowgroup"}, make("tr", {role: "row"}, ...heads)), this.body);
    this.empty = make("p", {className: "quiet", textContent: empty});
    this.where = make("span");
    this.before = make("button", {type: "button", textContent: "Previous", onclick: () => this.go(-atOnce)});
    this.behind = make("button", {type: "button", textContent: "Next", onclick: () => this.go(atOnce)});
    this.pages = make("nav", {ariaLabel: `Pages: ${label}`, className: "pages"}, this.before, this.where, this.behind);
    place.append(this.table, this.empty, this.pages);
    this.show([], 0);
  }

  go(rows) {
    this.after = Math.max(0, this.after + rows);
    this.turn();
  }

  /// The rows of this page, of `total`.
  show(rows, total) {
    if (this.after > 0 && this.after >= total) return this.go(total - 1 - this.after - (total - 1) % this.atOnce);
    const byKey = new Map(rows.map((row) => [this.key(row), row]));
    const lines = setChildren(this.body, [...byKey.keys()], () => this.line());
    for (const [key, line] of lines)
      this.columns.forEach((column, i) => column.fill(line.children[i], byKey.get(key)));
    put(this.table, "hidden", total === 0);
    put(this.empty, "hidden", total > 0);
    put(this.pages, "hidden", total <= this.atOnce);
    put(this.before, "disabled", this.after === 0);
    put(this.behind, "disabled", this.after + rows.length >= total);
    setText(this.where, `${number(this.after + 1)}–${number(this.after + rows.length)} of ${number(total)}`);
  }

  line() {
    return make("tr", {role: "row"}, ...this.columns.map((column) => {
      const cell = make("td", {role: "cell", className: column.style});
      cell.dataset.title = column.title;
      column.begin(cell);
      return cell;
    }));
  }
}

// --- the map of chunks

function chunksText(first, last) {
  return first === last ? `Chunk ${number(first)}` : `Chunks ${number(first)}–${number(last)}`;
}

/// The least copies of each colour, for swarms of several sizes: a colour keeps its meaning while chunks move.
const scales = [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 5, 8, 12, 17, 24], [1, 2, 4, 8, 16, 32, 64, 96],
  [1, 2, 5, 15, 50, 150, 400, 1000]];

const scaleFor = (members) => scales.find((scale) => members < 1.5 * scale.at(-1)) ?? scales.at(-1);

/// What the cells of a tracker's map look like, and mean.
function cellsOfSwarm({chunks, map}, scale) {
  return map.copies.map((copies, i) => {
    const first = i * map.chunks_per_cell + 1;
    const last = Math.min(chunks, first + map.chunks_per_cell - 1);
    const all = last - first + 1;
    const missing = map.missing[i], pending = map.pending[i], disputed = map.disputed[i];
    const each = copies / all;
    let style = `copies-${Math.max(0, scale.findLastIndex((least) => each >= least))}`;
    if (missing > 0) style = missing < all ? `${style} partly` : "missing";
    if (pending > 0) style += " pending";
    if (disputed > 0) style += " disputed";
    const of = (n) => all === 1 ? "" : `${number(n)} `;
    const words = [copies === 0 ? "nobody has a copy"
      : all === 1 ? `${copies} ${copies === 1 ? "copy" : "copies"}` : `${each.toFixed(1)} copies of each on average`];
    if (missing > 0 && missing < all) words.push(`${number(missing)} that nobody has`);
    if (pending > 0) words.push(`${of(pending)}pending: on the check_list, not agreed yet`);
    if (disputed > 0) words.push(`${of(disputed)}in dispute`);
    return {first, last, style, text: words.join(", ")};
  });
}

function swarmLegend(scale) {
  const copies = scale.map((least, level) => {
    const next = scale[level + 1];
    const text = next === undefined ? `${least}+` : next === least + 1 ? `${least}` : `${least}–${next - 1}`;
    return [`copies-${level}`, text];
  });
  return [["", "Copies:"], ...copies, ["copies-3 partly", "some missing"], ["missing", "nobody has it"],
    ["missing pending", "pending"], ["copies-3 disputed", "in dispute"]];
}

/// "1-46,50": [[1, 46], [50, 50]]
function parseRanges(text) {
  if (text === "") return [];
  return text.split(",").map((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return [first, last];
  });
}

/// How many chunks of each cell are in these ranges.
function countPerCell(text, chunks, perCell) {
  const counts = new Array(Math.ceil(chunks / perCell)).fill(0);
  for (const [first, last] of parseRanges(text))
    for (let chunk = first; chunk <= last;) {
      const cell = Math.floor((chunk - 1) / perCell);
      const next = Math.min(last, (cell + 1) * perCell) + 1;
      counts[cell] += next - chunk;
      chunk = next;
    }
  return counts;
}

/// The same of a peer's map.
function cellsOfPeer({chunks, present, disputed}) {
  const perCell = Math.max(1, Math.ceil(chunks / mostCells()));
  const inDispute = countPerCell(disputed, chunks, perCell);
  return countPerCell(present, chunks, perCell).map((here, i) => {
    const first = i * perCell + 1;
    const last = Math.min(chunks, first + perCell - 1);
    const all = last - first + 1;
    let style = here === 0 ? "missing" : here < all ? "here partly" : "here";
    if (inDispute[i] > 0) style += " disputed";
    const words = [here === all ? "here" : here === 0 ? "not here" : `${number(here)} of ${number(all)} here`];
    if (inDispute[i] > 0) words.push("other peers agreed on another content");
    return {first, last, style, text: words.join(", ")};
  });
}

const peerLegend = () =>
  [["here", "here"], ["here partly", "partly"], ["missing", "not here"], ["here disputed", "in dispute"]];

// Large enough for a finger where there is little room.
const mostCells = () => matchMedia("(max-width: 40rem)").matches ? 240 : 512;

/// A grid of buttons of which one can be reached with Tab and the others from there with the arrow keys.
class ChunkMap {
  /// `look` is told which cell is pointed at, and again when that has changed.
  constructor(place, look) {
    Object.assign(this, {place, look, cells: [], pointed: -1});
    place.addEventListener("pointerover", ({target}) => this.point(this.indexOf(target)));
    place.addEventListener("focusin", ({target}) => this.point(this.indexOf(target)));
    place.addEventListener("keydown", (event) => this.walk(event));
  }

  indexOf = (element) => Array.prototype.indexOf.call(this.place.children, element);

  show(cells) {
    setChildren(this.place, cells.keys(), () => make("button", {type: "button", tabIndex: -1}));
    const columns = cells.length <= 40 ? "few" : cells.length <= 160 ? "some" : "many";
    put(this.place, "className", `map ${columns}`);
    const before = this.cells[this.pointed];
    this.cells = cells;
    cells.forEach((cell, i) => this.draw(this.place.children[i], cell, i));
    if (this.pointed >= cells.length) this.pointed = -1;
    if (this.pointed < 0 && cells.length > 0) this.place.children[0].tabIndex = 0;
    const now = cells[this.pointed];
    if (now !== undefined && now.text !== before?.text) this.look(now);
  }

  draw(button, {first, last, style, text}, i) {
    put(button, "className", `cell ${style}${i === this.pointed ? " pointed" : ""}`);
    put(button, "ariaLabel", `${chunksText(first, last)}: ${text}`);
  }

  point(i) {
    if (i < 0 || i === this.pointed) return;
    for (const [index, isPointed] of [[this.pointed, false], [i, true]]) {
      const button = this.place.children[index];
      button?.classList.toggle("pointed", isPointed);
      if (button) button.tabIndex = isPointed ? 0 : -1;
    }
    if (this.pointed < 0) this.place.children[0].tabIndex = i === 0 ? 0 : -1;
    this.pointed = i;
    this.look(this.cells[i]);
  }

  walk(event) {
    const columns = getComputedStyle(this.place).gridTemplateColumns.split(" ").length;
    const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
      Home: -this.cells.length, End: this.cells.length};
    const step = steps[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const target = this.indexOf(document.activeElement) + step;
    const isLine = Math.abs(step) === columns && (target < 0 || target >= this.cells.length);
    if (!isLine) this.place.children[Math.min(Math.max(target, 0), this.cells.length - 1)].focus();
  }

  forget() {
    this.pointed = -1;
    this.cells = [];
    setChildren(this.place, [], () => {});
  }
}

function setLegend(marks) {
  byId("legend").replaceChildren(...marks.map(([style, text]) =>
    make("li", {}, ...style === "" ? [] : [make("span", {className: `cell ${style}`})], text)));
}

// --- what is known of the cell that is pointed at

let asking = new AbortController();  // for its holders
let whenToAsk;

function showCell(cell) {
  asking.abort();
  clearTimeout(whenToAsk);
  put(byId("map-help"), "hidden", cell !== undefined);
  put(byId("cell"), "hidden", cell === undefined);
  if (cell === undefined) return;
  const title = chunksText(cell.first, cell.last);
  if (byId("cell-title").textContent !== title) byId("cell-holders").replaceChildren();
  setText(byId("cell-title"), title);
  setText(byId("cell-text"), cell.text);
  if (view.holdersOf) whenToAsk = setTimeout(() => askForHolders(cell), pauseBeforeLook);
}

async function askForHolders({first, last}) {
  asking = new AbortController();
  const {signal} = asking;
  try {
    const response = await fetch(view.holdersOf(chosen, first, last), {signal});
    const answer = await response.json();
    if (response.ok && !signal.aborted) showHolders(answer);
  } catch {
    // Another cell is asked about by now, or the connection is lost, which is told elsewhere.
  }
}

function showHolders({first, last, total, holders}) {
  const chunks = last - first + 1;
  const items = holders.slice(0, holdersAtOnce).map(({name, address, chunks: held}) => {
    const bdi = make("bdi");
    setName(bdi, name);
    const item = make("li", {title: `${printable(name)} at ${address}`}, bdi);
    if (held < chunks) item.append(make("small", {textContent: `${number(held)} of ${number(chunks)}`}));
    return item;
  });
  const more = total - items.length;
  if (more > 0) items.push(make("li", {className: "more", textContent: `and ${number(more)} more`}));
  byId("cell-holders").replaceChildren(...items);
}

// --- the link of a published set

function showLink(link, codeAddress) {
  put(byId("share"), "hidden", link === undefined);
  if (link === undefined || byId("link").value === link) return;
  byId("link").value = link;
  setText(byId("copied"), "");
  showCode(false);
  byId("code").dataset.address = codeAddress;
}

function showCode(isShown) {
  const code = byId("code");
  if (isShown) code.src = code.dataset.address;
  code.hidden = !isShown;
  byId("show-code").ariaExpanded = String(isShown);
}

async function copyLink() {
  const field = byId("link");
  try {
    await navigator.clipboard.writeText(field.value);
    setText(byId("copied"), "Copied");
  } catch {
    // Browsers have a clipboard only for pages that came over TLS, or from this machine.
    field.select();
    setText(byId("copied"), document.execCommand("copy") ? "Copied" : "Selected: copy it with the keyboard");
  }
  setTimeout(() => setText(byId("copied"), ""), 4_000);
}

// --- the chosen file-set, which is in the fragment of the address, so that a link leads to it

let chosen;  // its key

const fragmentOf = (key) => `#set=${encodeURIComponent(key)}`;

function keyInAddress() {
  if (!location.hash.startsWith("#set=")) return undefined;
  try {
    return decodeURIComponent(location.hash.slice("#set=".length));
  } catch {
    return undefined;  // somebody has typed it
  }
}

function choose(key) {
  if (key === undefined || key === chosen) return;
  chosen = key;
  map.forget();
  showCell(undefined);
  members?.go(-members.after);
  view.chosen();
}

function chosenByPerson() {
  choose(keyInAddress());
  const name = byId("chosen-name");
  byId("chosen").hidden = false;
  name.focus({preventScroll: true});
  if (name.getBoundingClientRect().top > innerHeight / 2 || name.getBoundingClientRect().top < 0)
    name.scrollIntoView();
}

function showGone(isGone) {
  byId("chosen").hidden = false;
  put(byId("chosen-gone"), "hidden", !isGone);
  for (const part of document.querySelectorAll("#facts, #chunks, #completion")) put(part, "hidden", isGone);
  if (!isGone) return;
  setName(byId("chosen-name"), chosen);
  showLink(undefined);
}

// --- a tracker

const pageOf = (list) => `after=${list.after}&most=${list.atOnce}`;
const kindText = ({kind}) => kind === "published" ? "published" : "chunk folder";

const trackerView = {
  start() {
    document.body.classList.add("tracker");
    this.sets = new List(byId("filesets"), {
      label: "File-sets", key: (set) => set.key, atOnce: setsAtOnce, turn: watchView,
      empty: "None yet. Whatever a peer shares through this tracker is shown here.",
      columns: [
        setColumn((set) => set.name, kindText, (set) => set.key),
        figureColumn("Size", (set) => set.size, size),
        figureColumn("Chunks", (set) => set.chunks),
        progressColumn("Agreed", (set) => set.agreed, (set) => set.chunks),
        figureColumn("Pending", (set) => set.pending),
        alarmColumn("In dispute", (set) => set.disputed),
        figureColumn("Complete", (set) => set.seeders),
        figureColumn("Fetching", (set) => set.leechers),
      ],
    });
    this.peers = new List(byId("peers"), {
      label: "Peers", key: (peer) => peer.peer, atOnce: peersAtOnce, turn: watchView, empty: "None at present.",
      columns: [
        nameColumn("Name", (peer) => peer.name, (peer) => peer.address),
        figureColumn("File-sets", (peer) => peer.filesets),
        progressColumn("Progress", (peer) => peer.chunks_held, (peer) => peer.chunks),
        figureColumn("Receives", (peer) => peer.received_per_second, rate),
        figureColumn("Sends", (peer) => peer.sent_per_second, rate),
        textColumn("Heard", (peer) => ago(peer.silent_seconds)),
        alarmColumn("Reports", (peer) => peer.reports),
      ],
    });
    members = new List(byId("members"), {
      label: "Completion", key: (member) => member.peer, atOnce: peersAtOnce, turn: () => this.showMembers(),
      empty: "Nobody has any of it at present.",
      columns: [
        nameColumn("Name", (member) => member.name, (member) => member.address),
        progressColumn("Completion", (member) => member.chunks, () => this.set.chunks),
      ],
    });
  },

  addresses() {
    const all = [`/api/v1/filesets?${pageOf(this.sets)}`, `/api/v1/peers?${pageOf(this.peers)}`];
    if (chosen !== undefined) all.push(`${this.addressOf(chosen)}?cells=${mostCells()}`);
    return all;
  },
  addressOf: (key) => `/api/v1/filesets/${encodeURIComponent(key)}`,
  holdersOf: (key, first, last) => `${trackerView.addressOf(key)}/holders/${first}-${last}`,

  chosen() {
    this.set = undefined;
    this.showSets();
    watchView();
  },

  about(tracker) {
    const started = new Date(1000 * tracker.started);
    setText(byId("title"), "P2P tracker");
    setText(byId("subtitle"), `port ${tracker.port}`);
    setFigures(byId("figures"), [
      ["Peers", number(tracker.peers)],
      ["Published sets", number(tracker.published_sets)],
      ["Chunk folders", number(tracker.chunk_folders)],
      ["Quorum", number(tracker.quorum)],
      ["Open to", tracker.closed ? "who has the secret" : "everybody"],
      ["Runs since", started.toLocaleString("en-GB", {dateStyle: "medium", timeStyle: "short"})],
    ]);
  },

  answer(path, answer) {
    if (path === "/api/v1/filesets") {
      this.known = answer;
      choose(chosen ?? keyInAddress() ?? answer.filesets[0]?.key);
      this.showSets();
    } else if (path === "/api/v1/peers") {
      this.peers.show(answer.peers, answer.total);
    } else {
      showGone("error" in answer);
      if (!("error" in answer)) this.showSet(answer);
    }
  },

  showSets() {
    if (this.known) this.sets.show(this.known.filesets, this.known.total);
  },

  showSet(set) {
    this.set = set;
    setName(byId("chosen-name"), set.name);
    showLink(set.link, `${this.addressOf(set.key)}/qr.svg`);
    const copies = set.map.copies.reduce((sum, n) => sum + n, 0);
    const missing = set.map.missing.reduce((sum, n) => sum + n, 0);
    setFigures(byId("facts"), [
      ["Kind", kindText(set)],
      ["Size", size(set.size)],
      ["Chunks", number(set.chunks)],
      ["Copies of each", (copies / Math.max(1, set.chunks)).toFixed(1)],
      ["Nobody has", amount(missing, "chunk"), missing > 0],
      ["In dispute", amount(set.disputed, "chunk"), set.disputed > 0],
      ["Complete", `${number(set.seeders)} of ${amount(set.members, "peer")}`],
    ]);
    this.showAgreement(set);
    const scale = scaleFor(set.members);
    if (scale !== this.scale) setLegend(swarmLegend(scale));
    this.scale = scale;
    map.show(cellsOfSwarm(set, scale));
    this.showMembers();
  },

  // Of a published set, the manifest says what is right.
  showAgreement({kind, chunks, agreed, pending}) {
    put(byId("agreement"), "hidden", kind === "published");
    setText(byId("agreed"), `chunk_list: ${number(agreed)} agreed`);
    setText(byId("pending"), `check_list: ${number(pending)} pending`);
    byId("agreed-part").style.setProperty("flex-grow", agreed / chunks);
    byId("pending-part").style.setProperty("flex-grow", pending / chunks);
  },

  showMembers() {
    if (!this.set) return;
    const all = this.set.some_members;
    members.show(all.slice(members.after, members.after + members.atOnce), all.length);
  },
};

// --- a peer

const peerView = {
  start() {
    document.body.classList.add("peer");
    setLegend(peerLegend());
    setText(byId("peers-title"), "Connections");
    setText(byId("map-help"), "Point at a cell, or walk through them with the arrow keys, to see which chunks it is.");
    byId("completion").remove();
    this.sets = new List(byId("filesets"), {
      label: "File-sets", key: (set) => set.fileset, atOnce: Infinity, empty: "None at present.",
      columns: [
        setColumn((set) => set.fileset, (set) => set.phase, (set) => set.fileset),
        progressColumn("Progress", (set) => set.done, (set) => set.total),
        figureColumn("Receives", (set) => set.received_per_second, rate),
        figureColumn("Sends", (set) => set.sent_per_second, rate),
        figureColumn("Received", (set) => set.received, size),
        figureColumn("Sent", (set) => set.sent, size),
        figureColumn("Peers", (set) => set.peers),
      ],
    });
    this.peers = new List(byId("peers"), {
      label: "Connections", key: (peer) => `${peer.fileset}\n${peer.peer}`, atOnce: peersAtOnce,
      turn: () => this.showPeers(), empty: "None at present.",
      columns: [
        nameColumn("Peer", (peer) => peer.peer, (peer) => printable(peer.fileset)),
        progressColumn("Has", (peer) => peer.chunks_present, (peer) => peer.chunks),
        figureColumn("Received from it", (peer) => peer.received, size),
        figureColumn("Sent to it", (peer) => peer.sent, size),
        figureColumn("Open requests", (peer) => peer.open_requests),
      ],
    });
  },

  addresses: () => ["/api/v1/status", "/api/v1/peers", "/api/v1/chunks"],

  chosen() {
    this.showSets();
    this.showChosen();
  },

  about({name}) {
    setText(byId("title"), "P2P peer");
    setText(byId("subtitle"), printable(name));
  },

  answer(path, answer) {
    if (path === "/api/v1/status") this.status = answer;
    if (path === "/api/v1/chunks") this.chunks = answer;
    if (path === "/api/v1/peers") this.connected = answer.peers;
    if (this.status) choose(chosen ?? keyInAddress() ?? this.status.filesets[0]?.fileset);
    this.showSets();
    this.showChosen();
    this.showPeers();
  },

  showSets() {
    if (!this.status) return;
    const {port, limit_up: up, limit_down: down, filesets} = this.status;
    const sum = (field) => filesets.reduce((all, set) => all + set[field], 0);
    setFigures(byId("figures"), [
      ["Receives", rate(sum("received_per_second"))],
      ["Sends", rate(sum("sent_per_second"))],
      ["Connections", number(sum("peers"))],
      ["Limit down", limit(down)],
      ["Limit up", limit(up)],
      ["Port", `${port}`],
    ]);
    this.sets.show(filesets, filesets.length);
  },

  showChosen() {
    if (chosen === undefined || !this.status || !this.chunks) return;
    const named = ({fileset}) => fileset === chosen;
    const set = this.status.filesets.find(named);
    const has = this.chunks.filesets.find(named);
    showGone(!set || !has);
    if (!set || !has) return;
    setName(byId("chosen-name"), set.fileset);
    setFigures(byId("facts"), [
      ["Phase", set.phase],
      ["Chunks here", `${number(set.chunks_present)} of ${number(set.chunks)}`],
      ["Received", size(set.received)],
      ["Sent", size(set.sent)],
      ["Peers", number(set.peers)],
    ]);
    map.show(cellsOfPeer(has));
  },

  showPeers() {
    if (!this.connected) return;
    const {after, atOnce} = this.peers;
    this.peers.show(this.connected.slice(after, after + atOnce), this.connected.length);
  },
};

// --- staying up to date

let view;     // trackerView or peerView, once it is known which
let members;  // the list of a tracker's page
let program;  // what it says about itself
const map = new ChunkMap(byId("map"), showCell);

function take(address, answer) {
  const [path] = address.split("?");
  if (path !== "/api/v1/about") return view?.answer(path, answer);
  // Another program, or another version of it, may have another page.
  if (program && (program.kind !== answer.kind || program.version !== answer.version)) return location.reload();
  program = answer;
  setText(byId("version"), `P2P File Transfer ${answer.version}`);
  const isFirst = view === undefined;
  if (isFirst) {
    view = answer.kind === "tracker" ? trackerView : peerView;
    view.start();
  }
  view.about(answer);
  document.title = `${byId("title").textContent} ${byId("subtitle").textContent} · ${location.host}`;
  if (isFirst) watchView();
}

const watchView = () => watch(["/api/v1/about", ...view.addresses()]);

let request = new AbortController();

/// Follows these answers, and no others any more, until it is called again.
async function watch(addresses) {
  request.abort();
  const mine = request = new AbortController();
  while (mine === request && !mine.signal.aborted) {
    await listen(addresses, mine.signal).catch(() => {});
    if (mine.signal.aborted) return;
    showConnection("lost");
    await new Promise((resolve) => setTimeout(resolve, pauseBeforeRetry));
  }
}

// Not an EventSource: that keeps to itself when something came last, and it would wait for a connection for ever
// that was lost without a word.
async function listen(addresses, signal) {
  const attempt = new AbortController();
  const end = () => attempt.abort();
  signal.addEventListener("abort", end);
  let silence = setTimeout(end, silenceLimit);
  try {
    const query = addresses.map((address) => `watch=${encodeURIComponent(address)}`).join("&");
    const response = await fetch(`/api/v1/events?${query}`, {signal: attempt.signal, cache: "no-store"});
    if (response.status === 401) return location.reload();  // the browser asks for the token then
    const refusal = response.ok ? "" : (await response.json()).error;
    showTrouble(refusal);
    if (refusal !== "") return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const {value, done} = await reader.read();
      if (done || signal.aborted) return;
      clearTimeout(silence);
      silence = setTimeout(end, silenceLimit);
      showConnection("live");
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) takeEvent(event);
    }
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", end);
  }
}

function takeEvent(text) {
  const fields = new Map(text.split("\n").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  }));
  try {
    if (fields.has("event")) take(fields.get("event"), JSON.parse(fields.get("data")));
  } catch (mistake) {
    reportError(mistake);  // one of this script: it is no reason to connect anew
  }
}

function showTrouble(text) {
  put(byId("trouble"), "hidden", text === "");
  setText(byId("trouble"), text);
}

function showConnection(state) {
  const place = byId("connection");
  const before = place.dataset.state;
  if (before === state) return;
  place.dataset.state = state;
  document.body.classList.toggle("lost", state === "lost");
  const time = new Date().toLocaleTimeString("en-GB");
  if (state === "lost") setText(place, `Connection lost at ${time}, trying again …`);
  else setText(place, before === "lost" ? `Connected again since ${time}` : "Live");
}

byId("copy").addEventListener("click", copyLink);
byId("show-code").addEventListener("click", () => showCode(byId("code").hidden));
byId("filesets").addEventListener("click", ({target}) => {
  if (!target.closest("a")) target.closest("tbody tr")?.querySelector("a").click();
});
addEventListener("hashchange", chosenByPerson);
watch(["/api/v1/about"]);
