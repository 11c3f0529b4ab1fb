/** Two destinations that differ in one thing: whether they have a transform. Nothing is sent to them. */
import { defineConfig } from '../../../config/index.ts';

const destination = { type: 'webhook', url: 'http://127.0.0.1:9/' } as const;

export default defineConfig({
  sources: [{ id: 'bench', writeKey: 'bench-write-key' }],
  destinations: [
    { ...destination, id: 'without' },
    { ...destination, id: 'with', transform: '../transform.mjs' },
  ],
});
