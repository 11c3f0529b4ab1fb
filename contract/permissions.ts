/**
 * What operators may be allowed. Each permission is an alias of control's function, so that IAM grants them one by one:
 * `lambda:InvokeFunction` on `<function>:read` allows reading, and nothing else. On the function itself it allows everything.
 */
import type { ControlRequest } from './operations.ts';

/** The names of the aliases. `content` and `operate` include `read`, and not each other. */
export const PERMISSIONS = ['read', 'content', 'operate'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const PERMISSION_DESCRIPTIONS: Readonly<Record<Permission, string>> = {
  read: 'shows modes, keys and reasons, and makes dry runs',
  content: 'shows what read shows, and the content of events',
  operate:
    'shows what read shows, and changes: holds, resumes, retries, discards, resends, deletes, erases, replays',
};

type Needs = {
  readonly [Request in ControlRequest as Request['command']]: (request: Request) => Permission;
};

const shows = ({ content }: { readonly content?: boolean }): Permission =>
  content === true ? 'content' : 'read';
const unlessDry = ({ dryRun }: { readonly dryRun?: boolean }): Permission =>
  dryRun === true ? 'read' : 'operate';

const NEEDS: Needs = {
  status: () => 'read',
  hold: () => 'operate',
  resume: () => 'operate',
  parked: () => 'read',
  show: shows,
  retry: () => 'operate',
  discard: () => 'operate',
  rejected: shows,
  'retry-rejected': () => 'operate',
  'resend-rejected': unlessDry,
  'delete-rejected': unlessDry,
  find: () => 'read',
  erase: unlessDry,
  replay: unlessDry,
  canary: () => 'read',
  'canary-set': () => 'operate',
};

/** The least that a request needs. */
export const neededBy = (request: ControlRequest): Permission => {
  const need = NEEDS[request.command] as (request: ControlRequest) => Permission;
  return need(request);
};

/** Whether who was granted one permission has the other. */
export const includes = (granted: Permission, needed: Permission): boolean =>
  granted === needed || needed === 'read';
