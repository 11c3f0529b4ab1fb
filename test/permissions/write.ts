/** `npm run permissions`: writes the page of the docs. */
import { writeFileSync } from 'node:fs';
import { removeDirectories } from '../lib/synth.ts';
import { PAGE, toPage } from './table.ts';

writeFileSync(PAGE, await toPage());
removeDirectories();
