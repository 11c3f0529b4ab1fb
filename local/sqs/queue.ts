/**
 * One queue in memory: which messages it holds, which of them are hidden, and which group may be handed out next.
 *
 * Order: a group's messages are handed out in the order of their sequence numbers, up to the first one that is
 * hidden, never past it. In a standard queue every message is a group of its own, so nothing waits for anything.
 * Groups take turns: one that becomes available goes to the end of the line. Each operation takes time in the
 * number of messages it returns (and the logarithm of the hidden ones), however long the backlog.
 *
 * A FIFO queue looks for available groups in its oldest messages only, hidden or not (the scan window). Behind the backlog of
 * one group that is as long, the messages of all other groups wait.
 * Source: Amazon SQS Developer Guide, "Avoiding large message backlogs with the same message group ID".
 */
import type { QueueSettings } from './attributes.ts';
import { DeduplicationIndex } from './deduplication.ts';
import { LinkedList, type ListNode } from './linked-list.ts';
import { Message, type Group, type NewMessage } from './message.ts';
import type { QueueRecord } from './store.ts';
import { ScanWindow } from './scan-window.ts';
import type { QueueCounts } from './types.ts';
import { VisibilityHeap } from './visibility-heap.ts';

export class Queue {
  readonly record: QueueRecord;
  readonly arn: string;
  readonly deduplication: DeduplicationIndex;
  purgedAt: number | undefined;
  readonly #byId = new Map<string, Message>();
  readonly #groups = new Map<string, Group>();
  /** Oldest first: retention and moves go through it. */
  readonly #all = new LinkedList<Message>();
  readonly #available = new LinkedList<Group>();
  readonly #hidden = new VisibilityHeap<Message>();
  readonly #window: ScanWindow;
  readonly #onAvailable: (queue: Queue) => void;
  #settings: QueueSettings;
  #inFlight = 0;
  #delayed = 0;

  /**
   * @param scanWindow how many messages a FIFO queue looks at to find groups
   * @param onAvailable called when a group has something to hand out that had nothing before
   */
  constructor(
    record: QueueRecord,
    arn: string,
    settings: QueueSettings,
    scanWindow: number,
    onAvailable: (queue: Queue) => void,
  ) {
    this.record = record;
    this.arn = arn;
    this.#settings = settings;
    this.deduplication = new DeduplicationIndex(settings.deduplicationPerGroup);
    this.#window = new ScanWindow(settings.fifo ? scanWindow : Infinity);
    this.#onAvailable = onAvailable;
  }

  get name(): string {
    return this.record.name;
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  set settings(settings: QueueSettings) {
    this.#settings = settings;
    this.deduplication.perGroup = settings.deduplicationPerGroup;
  }

  get counts(): QueueCounts {
    const visible = this.#byId.size - this.#inFlight - this.#delayed;
    return { visible, inFlight: this.#inFlight, delayed: this.#delayed };
  }

  get hasAvailable(): boolean {
    return this.#available.first !== undefined;
  }

  /** When the next hidden message becomes visible when its timeout ends; undefined if no message is hidden. */
  get nextVisibleAt(): number | undefined {
    return this.#hidden.first?.visibleAt;
  }

  /** Oldest first. Messages may be removed while this runs. */
  *messages(): Generator<Message> {
    for (let node = this.#all.first; node !== undefined;) {
      const { value, next } = node;
      yield value;
      node = next;
    }
  }

  find(messageId: string): Message | undefined {
    return this.#byId.get(messageId);
  }

  /** @param now decides whether the message is hidden; milliseconds since 1970 */
  add(sequence: number, fields: NewMessage, now: number): Message {
    const key = this.#settings.fifo ? (fields.groupId ?? '') : fields.id;
    const group = this.#groups.get(key) ?? this.#newGroup(key);
    const message = new Message(this.name, sequence, fields, group);
    let previous = this.#all.last;
    if (!this.#settings.fifo && message.deadLetterSourceArn !== undefined)
      // A standard queue's dead letters keep their age, so they may be older than the last one.
      while (previous !== undefined && previous.value.sentAt > message.sentAt) previous = previous.previous;
    message.inQueue = this.#all.insertAfter(previous, message);
    this.#window.added(message.inQueue);
    this.#byId.set(message.id, message);
    const received = message.receiveCount > message.receivedElsewhere;
    this.#setState(message, message.visibleAt <= now ? 'visible' : received ? 'inFlight' : 'delayed');
    this.#refresh(group);
    return message;
  }

  /** Does nothing if the message has left the queue already. */
  remove(message: Message): void {
    if (message.inQueue === undefined) return;
    this.#setState(message, 'visible');
    this.#byId.delete(message.id);
    const entered = this.#window.removed(message.inQueue);
    this.#all.remove(message.inQueue);
    message.inQueue = undefined;
    message.group.messages.remove(message.inGroup);
    this.#refresh(message.group);
    if (entered !== undefined) this.#refresh(entered.group);
  }

  /** @param visibleAt milliseconds since 1970; not after `now` makes the message visible */
  setVisibility(message: Message, visibleAt: number, now: number): void {
    message.visibleAt = visibleAt;
    this.#setState(message, visibleAt > now ? 'inFlight' : 'visible');
    this.#refresh(message.group);
  }

  /**
   * Lets time pass: hidden messages whose time has come become visible.
   * @returns messages that are past their retention; the caller removes them
   */
  settle(now: number): Message[] {
    for (;;) {
      const message = this.#hidden.first;
      if (message === undefined || message.visibleAt > now) break;
      this.#setState(message, 'visible');
      this.#refresh(message.group);
    }
    const expired: Message[] = [];
    const limit = now - this.#settings.retentionPeriod * 1000;
    for (let node = this.#all.first; node !== undefined && node.value.sentAt <= limit; node = node.next)
      expired.push(node.value);
    return expired;
  }

  /**
   * Takes available messages, as many as possible of one group, and hides them.
   * @param refuse is asked before a message is taken; it answers true when it has removed the message instead
   */
  take(max: number, visibleAt: number, now: number, refuse: (message: Message) => boolean): Message[] {
    const taken: Message[] = [];
    const groups: Group[] = [];
    for (let place = this.#available.first; place !== undefined; place = this.#available.first) {
      if (taken.length >= max) break;
      const group = place.value;
      this.#available.remove(place);
      group.place = undefined;
      group.held = true;
      groups.push(group);
      let node = group.messages.first;
      while (node?.value.state === 'visible' && taken.length < max) {
        const { value: message, next }: ListNode<Message> = node;
        node = next;
        if (refuse(message)) continue;
        message.visibleAt = visibleAt;
        if (visibleAt > now) this.#setState(message, 'inFlight');
        taken.push(message);
      }
    }
    for (const group of groups) {
      group.held = false;
      this.#refresh(group);
    }
    return taken;
  }

  clear(): void {
    for (const message of this.messages()) this.remove(message);
  }

  #newGroup(key: string): Group {
    const group: Group = { key, messages: new LinkedList(), place: undefined, held: false };
    this.#groups.set(key, group);
    return group;
  }

  #setState(message: Message, state: Message['state']): void {
    this.#inFlight += Number(state === 'inFlight') - Number(message.state === 'inFlight');
    this.#delayed += Number(state === 'delayed') - Number(message.state === 'delayed');
    message.state = state;
    if (state === 'visible') this.#hidden.remove(message);
    else this.#hidden.set(message);
  }

  /** Puts the group into the line, or takes it out, as its first message says. */
  #refresh(group: Group): void {
    const head = group.messages.first?.value;
    if (group.held) return;
    if (head === undefined) this.#groups.delete(group.key);
    if (head?.state === 'visible' && this.#window.has(head)) {
      if (group.place !== undefined) return;
      group.place = this.#available.push(group);
      this.#onAvailable(this);
    } else if (group.place !== undefined) {
      this.#available.remove(group.place);
      group.place = undefined;
    }
  }
}
