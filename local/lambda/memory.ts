import { readFileSync } from 'node:fs';

/** Resident memory in bytes; 0 where it cannot be read, which is everywhere but on Linux. */
export const residentMemory = (pid: number): number => {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    // No /proc, or the process has just ended: its end is noticed elsewhere.
    return 0;
  }
};
