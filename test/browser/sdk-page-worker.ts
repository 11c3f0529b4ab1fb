/** The script of a page that has a service worker, and tells it what to send. */
import type { Order, WorkerSettings } from './sdk-worker.ts';

declare global {
  interface Window {
    /** @returns what became of each event, when it is known: '' when it was taken */
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
