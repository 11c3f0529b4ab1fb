/** `npm run conformance`: writes the page of the docs. */
import { writeFileSync } from 'node:fs';
import { PAGE, rows, toPage } from './table.ts';

writeFileSync(PAGE, await toPage(await rows()));
