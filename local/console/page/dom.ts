/**
 * How the page is written to. What it shows comes from users' events, and may be hostile: everything goes in as text, by
 * these functions, and no attribute that could run or load something takes a value from outside.
 */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A new element; attributes that are false or undefined are left out, strings become text. */
export const el = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] => {
  const node = document.createElement(tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
};

export const setAttributes = (node: Element, attributes: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) node.removeAttribute(name);
    else {
      const text = value === true ? '' : String(value);
      if (node.getAttribute(name) !== text) node.setAttribute(name, text);
    }
  }
};

/** An element of the page's own markup. @throws Error when the markup has it not: a mistake of ours */
export const byId = (id: string): HTMLElement => {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no #${id}`);
  return node;
};

/** Leaves alone what says it already, so that nothing is announced, selected away or laid out twice. */
export const setText = (node: Element, text: string): void => {
  if (node.textContent !== text) node.textContent = text;
};

/** Sets the text, and hides the element when there is none. */
export const showText = (node: HTMLElement, text: string): void => {
  setText(node, text);
  node.hidden = text === '';
};

export const button = (
  label: string,
  onClick: (self: HTMLButtonElement) => void,
  kind = '',
): HTMLButtonElement => {
  const node = el('button', { type: 'button', class: kind === '' ? undefined : kind }, label);
  node.addEventListener('click', () => onClick(node));
  return node;
};

/** What a screen reader says after the label: which of many rows the button is for. */
export const about = (what: string): HTMLSpanElement => el('span', { class: 'for-readers' }, ` ${what}`);

/**
 * A table's cell. On a narrow screen rows become cards: `label` then stands before the value, and the explicit roles keep
 * it a table for a screen reader.
 */
export const cell = (
  label: string,
  kind = '',
  ...children: readonly (Node | string)[]
): HTMLTableCellElement =>
  el('td', { role: 'cell', 'data-label': label, class: kind === '' ? undefined : kind }, ...children);

export const rowHeader = (label: string, kind = ''): HTMLTableCellElement =>
  el('th', { scope: 'row', role: 'rowheader', 'data-label': label, class: kind === '' ? undefined : kind });

/** A point in time, in a cell: what the clock said, and below it how long ago that is. */
export const momentCell = (
  label: string,
): { readonly node: HTMLElement; readonly show: (at: string, ago: string) => void } => {
  const at = el('span');
  const ago = el('span', { class: 'note' });
  return {
    node: cell(label, 'moment', at, ago),
    show: (clockText, agoText) => {
      setText(at, clockText);
      showText(ago, agoText);
    },
  };
};

export interface Row<Item> {
  readonly node: HTMLElement;
  readonly update: (item: Item) => void;
}

/**
 * Shows a list that changes all the time without touching what stays: a row that the user has focused, opened or is
 * about to press is still the same element afterwards. The rows are the last children of their parent.
 */
export class RowList<Item> {
  readonly #parent: HTMLElement;
  readonly #nameOf: (item: Item) => string;
  readonly #create: (item: Item) => Row<Item>;
  readonly #rows = new Map<string, Row<Item>>();

  constructor(parent: HTMLElement, nameOf: (item: Item) => string, create: (item: Item) => Row<Item>) {
    this.#parent = parent;
    this.#nameOf = nameOf;
    this.#create = create;
  }

  show(items: readonly Item[]): void {
    const names = new Set(items.map(this.#nameOf));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      this.#rows.delete(name);
      // The keyboard must not be thrown back to the top of the page when the row it is in goes away.
      const section = row.node.contains(document.activeElement) ? row.node.closest('section') : null;
      row.node.remove();
      section?.querySelector<HTMLElement>('h2')?.focus();
    }
    // From the end, so that only what is new or has changed its place is moved.
    let next: Element | null = null;
    for (const item of items.toReversed()) {
      const row = this.#row(item);
      row.update(item);
      if (row.node.parentElement !== this.#parent || row.node.nextElementSibling !== next)
        this.#place(row.node, next);
      next = row.node;
    }
  }

  #place(node: HTMLElement, next: Element | null): void {
    const focused = document.activeElement;
    this.#parent.insertBefore(node, next);
    // An element that is moved loses the focus.
    if (focused instanceof HTMLElement && node.contains(focused)) focused.focus();
  }

  #row(item: Item): Row<Item> {
    const name = this.#nameOf(item);
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const row = this.#create(item);
    this.#rows.set(name, row);
    return row;
  }
}
