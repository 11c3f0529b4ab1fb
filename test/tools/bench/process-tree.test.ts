import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import { readTree } from '../../../tools/bench/process-tree.ts';

it('says what the processes of each function used, and those of other names', async () => {
  if (process.platform !== 'linux') {
    expect(await readTree([process.pid])).toBeUndefined();
    return;
  }
  // It has used a tenth of a second when it speaks.
  const program = 'while (process.cpuUsage().user < 1e5); console.log("up"); setInterval(() => 0, 1e6);';
  const children = [
    'PipelineRouterFunctionHandler0A1B2C3D',
    'PipelineRouterFunctionHandler0A1B2C3D',
    'other',
  ].map((name) => spawn(process.execPath, ['-e', program, '--', name]));
  try {
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
    const usage = await readTree([process.pid]);
    const router = usage?.kinds.find(({ kind }) => kind === 'PipelineRouter');
    expect(router?.processes).toBe(2);
    expect(router?.userSeconds).toBeGreaterThanOrEqual(0.2);
    // This process, and the one with another name.
    expect(usage?.kinds.find(({ kind }) => kind === 'node')?.processes).toBeGreaterThanOrEqual(2);
  } finally {
    for (const child of children) child.kill();
  }
});

it('knows nothing of a process that has ended', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(await readTree([child.pid ?? 0])).toBeUndefined();
});
