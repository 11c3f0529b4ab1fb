import { describe, expect, it } from '@jest/globals';
import { until } from '../../tools/driver/until.ts';
import { press, textOf, untilText } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { key, rejection, stage } from './scene-parts.ts';
import { degraded, destinationsDown, held, normal, recovering } from './scenes.ts';

const shown = new ConsolePage();

/** A table's rows as text, only the first columns. */
const rows = (selector: string): Promise<string[]> =>
  shown.page.$$eval(selector, (found) =>
    found.map((row) => (row as HTMLElement).innerText.replaceAll(/\s+/g, ' ').trim()),
  );

describe('what the page shows', () => {
  it('normal, and nothing to do', async () => {
    await shown.open(normal());
    expect(await textOf(shown.page, '#mode')).toBe(
      'Mode Normal: events are received and forwarded. It has never been otherwise.',
    );
    expect(await shown.page.title()).toBe('Normal · Sluice');
    expect(await textOf(shown.page, '#pipeline')).toBe('Sluice/Pipeline');
    expect(await rows('#stage-rows tr')).toEqual([
      'router Normal always 0 0 0 0 No Hold router',
      'crm Normal always 3 10 0 0 No Hold crm',
      'warehouse Normal always 0 0 0 0 No Hold warehouse',
    ]);
    expect(await textOf(shown.page, '#parked')).toBe('Parked keys Nothing is parked.');
    expect(await textOf(shown.page, '#rejected')).toBe('Rejected events Nothing was rejected.');
    expect(await textOf(shown.page, '#crashes')).toBe('Last crash No stage’s code has crashed.');
    expect(await textOf(shown.page, '#failures')).toMatch(/Nothing has failed\.$/);
    expect(await textOf(shown.page, '#history-empty')).toBe('The mode has never changed.');
    expect(shown.complaints).toEqual([]);
  });

  it('degraded: since when, why, what is next, what is waiting, and the crash', async () => {
    await shown.open(degraded());
    expect(await textOf(shown.page, '#mode')).toMatch(
      /^Mode Degraded: events are received and kept, and nothing is forwarded\. 3 users are parked in router and crm\. Since \d\d:\d\d:\d\d, 3 min( \d+ s)? ago 5 messages were redriven within 5 minutes Crashed 3 min( \d+ s)? ago: TypeError: .*'currency'\) Every minute a trial of up to 10 waiting users: .* In \d min( \d+ s)?: the pause ends, and recovery starts\. .* When it is fixed: npx sluice redeploy .*, else npx sluice resume\.$/,
    );
    expect(await shown.page.title()).toBe('Degraded · Sluice');
    expect((await rows('#stage-rows tr'))[0]).toMatch(
      /^router Degraded 5 messages were redriven within 5 minutes\. Waiting: 2,148 messages and 1 parked user\. 1 user in trouble of their own\. Last delivered 4 min( \d+ s)? ago\. Runs code 5f0c9a17b2d4, first seen \d\d:\d\d:\d\d \(5 min( \d+ s)? ago\)\. .* 2,148 0 2 0 No Hold router Resume router Retry parked router$/,
    );
    expect(await textOf(shown.page, '#parked-count')).toBe('3');
    expect((await rows('#parked-table tbody tr:not(.detail)'))[2]).toMatch(
      /^crm 2Wm0\S+ messages 5 .* in \d min \d+ s 2 its head has failed for 15 minutes TypeError: .* Retry key 2Wm0/,
    );
    expect(await rows('#rejected-rows tr')).toEqual([
      expect.stringMatching(/crm web 1 812 bytes the destination refused it: 400/),
      expect.stringMatching(/router web 2 1.5 KB Discarded by an operator: a test order/),
    ]);
    expect((await rows('#history-rows li'))[0]).toMatch(
      /^router Degraded .* 5 messages were redriven within 5 minutes$/,
    );
    expect(await rows('#history-rows li')).toHaveLength(4);
    expect((await rows('#alarm-rows li'))[0]).toMatch(/^Alarm router degraded since .* DegradedMode was 1$/);
    expect(await textOf(shown.page, '#crash-rows')).toContain('at toRevenue (transforms/all.ts:14:31)');
    expect(await rows('#failure-rows li')).toEqual([
      expect.stringMatching(
        /^crm Failed .* \(4 min( \d+ s)? ago\), code 5f0c9a17b2d4 the destination answered 503: \{"error"/,
      ),
    ]);
    expect(shown.complaints).toEqual([]);
  });

  it('recovering', async () => {
    await shown.open(recovering());
    expect(await textOf(shown.page, '#mode')).toMatch(
      /Recovering: events are being forwarded again, a few at a time\. 3 users are parked in router and crm\. Since .* An operator resumed it .* Normal earlier, after 20 messages that got through: 7 so far\.$/,
    );
  });

  it('held', async () => {
    await shown.open(held());
    expect(await textOf(shown.page, '#mode')).toMatch(
      /Held by an operator: events are received and kept, and nothing is forwarded\. .* Held: the warehouse is being moved An operator must resume it: it is held\. To end the hold: npx sluice resume\.$/,
    );
    expect((await rows('#stage-rows tr'))[0]).toMatch(/^router Held .* Yes Resume router$/);
    expect((await rows('#stage-rows tr'))[1]).toContain('Waits for the router.');
  });

  it('a destination in trouble while the system is normal', async () => {
    const scene = normal();
    scene.stages = [stage('router'), stage('crm', { mode: 'degraded', reason: '20 failures', since: 1 })];
    await shown.open(scene);
    expect(await textOf(shown.page, '#mode-sentence')).toBe('Forwarding, except for crm (degraded).');
    expect(await textOf(shown.page, '#mode-reason')).toBe('crm: 20 failures');
  });

  it('why each destination is in trouble, from its first failure on', async () => {
    await shown.open(destinationsDown());
    const lines = await shown.page.$eval('#mode-cause', (found) => found.textContent.split('\n'));
    expect(lines).toEqual([
      expect.stringMatching(/^warehouse: Refused by AWS \d+ s ago: GetSecretValue .*AccessDeniedException/),
      expect.stringMatching(/^mail: Failed \d+ s ago: the destination did not answer within 10 s$/),
    ]);
    expect(await textOf(shown.page, '#mode-reason')).toMatch(
      /^crm: 20 deliveries .* answered 503: \{"error"/,
    );
    expect(await textOf(shown.page, '#mode-next')).toMatch(
      /mail: In 9 min \d+ s: degraded at the latest, if nothing has got through/,
    );
    expect(await textOf(shown.page, '#mode-command')).toMatch(/else npx sluice resume crm\.$/);
    const [router, crm, warehouse, mail] = await rows('#stage-rows tr');
    expect(router).toMatch(/^router Normal always/);
    expect(crm).toMatch(
      /^crm Degraded 20 deliveries .* Waiting: 431 messages and 12 parked users\. 2 users in trouble of their own\. Last delivered 5 min/,
    );
    expect(warehouse).toMatch(/^warehouse Recovering The pause is over\. Waiting: 80 messages\. Runs code/);
    expect(mail).toMatch(/^mail Normal Waiting: 1 message\. always/);
    expect(await rows('#failure-rows li')).toEqual([
      expect.stringMatching(/^mail Failed .* within 10 s$/),
      expect.stringMatching(/^warehouse Refused by AWS .* AccessDeniedException/),
      expect.stringMatching(/^crm Failed .* 503/),
      expect.stringMatching(/^crm Rejected .* 400/),
    ]);
    expect(shown.complaints).toEqual([]);
  });

  it('a parked user whose backoff is over as due: its stage may not try it yet', async () => {
    await shown.open({ ...degraded(), parked: [key(0, { nextAttemptAt: Date.now() - 1 })] });
    expect((await rows('#parked-table tbody tr:not(.detail)'))[0]).toMatch(/ ago due 0 crashed 3 times/);
  });

  it('a stage’s name of common length in one line', async () => {
    await shown.open(destinationsDown());
    const heights = await shown.page.$$eval('#stage-rows th', (found) =>
      found.map((name) => {
        const range = document.createRange();
        range.selectNodeContents(name);
        return range.getClientRects().length;
      }),
    );
    expect(heights).toEqual([1, 1, 1, 1]);
  });

  it('parked users while every stage is normal', async () => {
    const scene = normal();
    scene.stages = [stage('router'), stage('crm', { parkedKeys: 2, oldestParkedAt: Date.now() - 60_000 })];
    await shown.open(scene);
    expect(await textOf(shown.page, '#mode')).toMatch(
      /^Mode Normal: events are received and forwarded\. 2 users are parked in crm\. Since .*, 1 min( \d+ s)? ago$/,
    );
    expect(await shown.page.$eval('#mode', (found) => (found as HTMLElement).dataset['mode'])).toBe('parked');
    expect(await shown.page.title()).toBe('Users parked · Sluice');
  });

  it('the flow, as a drawing and as text', async () => {
    await shown.open(degraded());
    await untilText(shown.page, '#rate-legend', /Accepted \d+(\.\d)? Delivered 0$/);
    expect(await shown.page.$eval('#rate-summary', (found) => found.textContent)).toMatch(
      /^Accepted: [\d.]+ per second now, at most [\d.]+\. Delivered: 0 per second now, at most 30\.$/,
    );
    expect(await shown.page.$eval('#backlog-summary', (found) => found.textContent)).toMatch(
      /^Waiting: [\d,]+ messages now, at most [\d,]+\.$/,
    );
    // Both drawings have pixels of their lines' colours.
    const inks = await shown.page.$$eval('canvas', (drawings) =>
      drawings.map((drawing) => {
        const { width, height } = drawing;
        const data = drawing.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
        const colors = new Set<string>();
        for (let i = 0; i < data.length; i += 4) colors.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`);
        return colors.size;
      }),
    );
    expect(inks).toHaveLength(2);
    for (const colors of inks) expect(colors).toBeGreaterThan(10);
  });
});

describe('while it is open', () => {
  it('follows the pipeline, and keeps opened details open', async () => {
    await shown.open(normal());
    shown.run.scene = degraded();
    await untilText(shown.page, '#mode-sentence', 'Degraded');
    const [first] = shown.run.scene.parked;
    await press(shown.page, `${first?.key ?? ''} messages`);
    await untilText(shown.page, '.detail:not([hidden])', 'order-completed-0');
    shown.run.scene.parked = [key(8), ...shown.run.scene.parked];
    await untilText(shown.page, '#parked-table tbody', '8Wm0');
    expect(await textOf(shown.page, '.detail:not([hidden])')).toContain('order-completed-0');
    shown.run.scene = recovering();
    await untilText(shown.page, '#mode-sentence', 'Recovering');
    shown.run.scene = normal();
    await untilText(shown.page, '#mode-sentence', 'Normal');
    await untilText(shown.page, '#parked', /^Parked keys Nothing is parked\.$/);
    expect(shown.complaints).toEqual([]);
  });

  it('says when the local run does not answer, and continues when it does again', async () => {
    await shown.open(normal());
    await shown.run.stop();
    expect(await untilText(shown.page, '#outage', 'does not answer')).toMatch(
      /What you see is what it said at \d\d:\d\d:\d\d\. It is asked again every 2 seconds/,
    );
    expect(await textOf(shown.page, '#connection')).toBe('Not connected');
    shown.run.scene = held();
    await shown.run.start();
    await untilText(shown.page, '#connection', 'Live');
    await untilText(shown.page, '#mode-sentence', 'Held');
    expect(await textOf(shown.page, '#outage')).toBe('');
  });

  it('makes no requests while it is hidden', async () => {
    await shown.open(normal());
    const other = await shown.page.browser().newPage();
    await other.bringToFront();
    await until('the page to be hidden', () => shown.page.evaluate(() => document.hidden));
    // Pending requests are over when the number has not changed for longer than the page's period.
    const asked = () => shown.run.reads.length;
    await until('silence', async () => {
      const before = asked();
      await new Promise((done) => setTimeout(done, 3000));
      return asked() === before;
    });
    await shown.page.bringToFront();
    const before = asked();
    await until('the page to make requests again', () => asked() > before);
    await other.close();
  });

  it('shows more of long lists on request', async () => {
    const scene = degraded();
    scene.parked = Array.from({ length: 60 }, (_, n) => key(n));
    scene.rejected = Array.from({ length: 70 }, (_, n) => rejection(n));
    await shown.open(scene);
    expect(await rows('#parked-table tbody')).toHaveLength(50);
    expect(await textOf(shown.page, '#parked-count')).toBe('50+');
    await press(shown.page, 'Show more keys');
    await untilText(shown.page, '#parked-count', '60');
    await press(shown.page, 'Show more events');
    await untilText(shown.page, '#rejected-count', '70');
    expect(await rows('#rejected-rows tr')).toHaveLength(70);
    expect(await shown.page.$('#rejected-more:not([hidden])')).toBeNull();
  });
});
