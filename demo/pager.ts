/** A stand-in for PagerDuty's CloudWatch integration: it opens an incident for an alarm, and resolves it by its name. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Page {
  readonly at: number;
  readonly kind: 'triggered' | 'resolved';
  readonly incident: string;
}

export class Pager {
  readonly pages: Page[] = [];
  readonly #open = new Set<string>();
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.#take(Buffer.concat(chunks).toString());
      response.writeHead(202).end();
    });
  });

  static async start(): Promise<Pager> {
    const pager = new Pager();
    pager.#server.listen(0, '127.0.0.1');
    await once(pager.#server, 'listening');
    return pager;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/integration/demo/enqueue`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #take(body: string): void {
    const envelope = JSON.parse(body) as { Type?: string; Message?: string };
    if (envelope.Type !== 'Notification' || envelope.Message === undefined) return;
    const alarm = JSON.parse(envelope.Message) as { AlarmName: string; NewStateValue: string };
    const incident = alarm.AlarmName;
    if (alarm.NewStateValue === 'ALARM' && !this.#open.has(incident)) {
      this.#open.add(incident);
      this.pages.push({ at: Date.now(), kind: 'triggered', incident });
    } else if (alarm.NewStateValue === 'OK' && this.#open.delete(incident)) {
      this.pages.push({ at: Date.now(), kind: 'resolved', incident });
    }
  }
}
