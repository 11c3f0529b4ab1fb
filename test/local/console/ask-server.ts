import { request } from 'node:http';

export interface Answered {
  status: number | undefined;
  headers: Readonly<Record<string, unknown>>;
  body: unknown;
}

/** `fetch` sets the Host header itself; a page under another name is what this is about. */
export const askServer = (
  server: { readonly url: string },
  method: string,
  path: string,
  {
    headers = {},
    content = '',
  }: { readonly headers?: Record<string, string>; readonly content?: string } = {},
): Promise<Answered> =>
  new Promise<Answered>((done, reject) => {
    const asked = request(new URL(path, server.url), { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const body: unknown = text === '' ? undefined : JSON.parse(text);
        done({ status: response.statusCode, headers: response.headers, body });
      });
    });
    asked.on('error', reject).end(content);
  });
