/**
 * Takes the screenshots of the console for the documentation: `node --import tsx test/browser/screenshots.ts [directory]`.
 * They show sample data (`scenes.ts`).
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DESKTOP, openPage, PHONE, startChromium, untilText } from './chromium.ts';
import { FakeRun } from './fake-run.ts';
import { degraded } from './scenes.ts';

interface Picture {
  readonly name: string;
  readonly dark?: boolean;
  readonly phone?: boolean;
}

const PICTURES: readonly Picture[] = [
  { name: 'console' },
  { name: 'console-dark', dark: true },
  { name: 'console-phone', phone: true },
];

const [directory = 'docs/images'] = process.argv.slice(2);
await mkdir(directory, { recursive: true });
const browser = await startChromium();
const run = new FakeRun(degraded());
await run.start();
try {
  for (const picture of PICTURES) await take(picture);
} finally {
  await browser.close();
  await run.stop();
}

async function take({ name, dark = false, phone = false }: Picture): Promise<void> {
  // High enough for the banner on a phone, and for the stages on a desktop.
  const viewport = phone ? { ...PHONE, height: 880, deviceScaleFactor: 2 } : { ...DESKTOP, height: 1340 };
  const { page } = await openPage(browser, { viewport, dark });
  await page.goto(run.url);
  await untilText(page, '#connection', 'Live');
  await untilText(page, '#rate-legend', /\d/);
  // The first drawing may not have the modes yet, whose times are shaded; the next one has.
  await sleep(3000);
  await page.screenshot({ path: join(directory, `${name}.png`) });
  await page.close();
}
