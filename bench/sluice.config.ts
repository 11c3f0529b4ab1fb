/** The pipeline under test. It has a path of its own, so that runs replace each other in the cache of assemblies. */
import { defineConfig } from '../config/index.ts';

const urls = (process.env['BENCH_DESTINATIONS'] ?? '').split(' ');

export default defineConfig({
  sources: [{ id: 'bench', writeKey: 'bench-write-key' }],
  destinations: urls.map((url, i) => ({ id: `destination-${i + 1}`, type: 'webhook', url })),
});
