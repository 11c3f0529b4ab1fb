/** A question before a command: for what it needs to know, or because it cannot be undone. */
import { button, el, showText } from './dom.ts';
import { explain, isBusy, notify, setBusy } from './notices.ts';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** Asks for a reason; its label. */
  readonly reason?: string;
  /** Asks for a tick; its label. */
  readonly confirm?: string;
  /** The button's label. */
  readonly submit: string;
  readonly danger?: boolean;
  /** Carries it out; what it did, in a sentence. When it throws, the dialog stays, and says why. */
  readonly send: (reason: string) => Promise<string>;
}

const MAX_REASON = 500;
let opened = 0;

export const ask = (question: Question): void => {
  const id = `dialog-${++opened}`;
  const reason = el('textarea', { id: `${id}-reason`, rows: 3, maxlength: MAX_REASON, required: true });
  const confirm = el('input', { type: 'checkbox', required: true });
  const problem = el('p', { class: 'problem', role: 'alert', hidden: true });
  const submit = el(
    'button',
    { type: 'submit', class: question.danger === true ? 'danger' : 'primary' },
    question.submit,
  );
  const cancel = button('Cancel', () => dialog.close());
  const form = el(
    'form',
    {},
    el('h2', { id: `${id}-title` }, question.title),
    el('p', { id: `${id}-text` }, question.text),
    ...(question.reason === undefined ? [] : [el('label', { for: reason.id }, question.reason), reason]),
    ...(question.confirm === undefined ? [] : [el('label', { class: 'tick' }, confirm, question.confirm)]),
    problem,
    el('div', { class: 'buttons' }, cancel, submit),
  );
  const dialog = el('dialog', { 'aria-labelledby': `${id}-title`, 'aria-describedby': `${id}-text` }, form);
  reason.addEventListener('input', () => reason.setCustomValidity(''));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = reason.value.trim();
    if (question.reason !== undefined && given === '') {
      // Blanks satisfy `required`.
      reason.setCustomValidity('Say why, in a few words.');
      reason.reportValidity();
      return;
    }
    void send(question, given, { dialog, submit, problem });
  });
  show(dialog);
};

const show = (dialog: HTMLDialogElement): void => {
  const heading = document.activeElement?.closest('section')?.querySelector<HTMLElement>('h2');
  dialog.addEventListener('close', () => {
    dialog.remove();
    // The button that opened it has the focus again, unless its row is gone.
    if (document.activeElement === document.body) heading?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
};

const send = async (
  question: Question,
  reason: string,
  { dialog, submit, problem }: { dialog: HTMLDialogElement; submit: HTMLElement; problem: HTMLElement },
): Promise<void> => {
  if (isBusy(submit)) return;
  setBusy(submit, true);
  showText(problem, '');
  try {
    const done = await question.send(reason);
    dialog.close();
    notify('done', done);
  } catch (error) {
    showText(problem, `Failed: ${explain(error)}`);
    // Closed in the meantime: it must be said anyway.
    if (!dialog.open) notify('failed', explain(error));
  } finally {
    setBusy(submit, false);
  }
};
