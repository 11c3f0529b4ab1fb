/** What the canary keeps, in memory. */
import type { CanaryArrival, CanaryOrders, CanaryPage } from '../../contract/canary.ts';
import type { CanaryStore } from '../../lambdas/control/ports.ts';

export class MemoryCanary implements CanaryStore {
  #settings: { readonly orders?: CanaryOrders; readonly drilledAt?: number };
  readonly arrivals = new Map<string, CanaryArrival[]>();
  readonly pages: CanaryPage[] = [];

  constructor(settings: { readonly drilledAt?: number } = {}) {
    this.#settings = settings;
  }

  readSettings(): Promise<{ readonly orders?: CanaryOrders; readonly drilledAt?: number }> {
    return Promise.resolve(this.#settings);
  }

  order(orders: CanaryOrders): Promise<void> {
    this.#settings = { ...this.#settings, orders };
    return Promise.resolve();
  }

  noteDrill(drilledAt: number): Promise<void> {
    this.#settings = { ...this.#settings, drilledAt };
    return Promise.resolve();
  }

  readArrivals(run: string): Promise<readonly CanaryArrival[]> {
    return Promise.resolve(this.arrivals.get(run) ?? []);
  }

  readPages(): Promise<readonly CanaryPage[]> {
    return Promise.resolve(this.pages);
  }

  addPage(page: CanaryPage): Promise<void> {
    this.pages.push(page);
    return Promise.resolve();
  }
}
