/** The script of a page with a service worker, which passes it the events to send. */
import type { Order, WorkerSettings } from './sdk-worker.ts';

declare global {
  interface Window {
    /** @returns the result for each event, once it is known: '' if it was accepted */
    order: (order: Order) => Promise<readonly string[]>;
  }
}

const settings = window.settings as WorkerSettings;
const query = new URLSearchParams({ settings: JSON.stringify(settings) });
void navigator.serviceWorker.register(`/worker.js?${query}`);
void navigator.serviceWorker.ready.then(() => {
  window.isReady = true;
});

window.order = async (order) => {
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<readonly string[]>((end) => {
    port1.onmessage = ({ data }: MessageEvent<readonly string[]>) => end(data);
  });
  active?.postMessage(order, [port2]);
  return answer;
};
