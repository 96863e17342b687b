/** A request over HTTP in which every header may be what it likes, `Host` as well. */
import { request, type IncomingHttpHeaders } from 'node:http';

export interface HttpQuestion {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export function askHttp(question: HttpQuestion): Promise<HttpAnswer> {
  const { port, path, method = 'GET', headers = {}, body } = question;
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          code: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The word that the page of a dashboard has. */
export function pageTokenIn(document: string): string {
  return /name="quorate-token" content="([^"]+)"/.exec(document)?.[1] ?? '';
}
