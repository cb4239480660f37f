import { createServer, request as forward, type Server } from 'node:http';

/** Where in a frame of a signed version its signature, or what was signed, surely is. */
const TAMPERED_AT = 60;

/** Stands between a page and its cloud, and changes a byte in every version that goes by. */
export class ForgingProxy {
  readonly #server: Server;

  private constructor(cloud: string) {
    const [host = '', port = ''] = cloud.split(':');
    this.#server = createServer((request, response) => {
      const { method, url: path, headers } = request;
      const onward = forward({ host, port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('data', (chunk: Buffer) => {
          if (path?.endsWith('/Watch') && chunk.length > TAMPERED_AT)
            chunk.writeUInt8(chunk.readUInt8(TAMPERED_AT) ^ 1, TAMPERED_AT);
          response.write(chunk);
        });
        answer.on('end', () => response.end());
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      request.pipe(onward);
    });
  }

  static async start(cloud: string): Promise<ForgingProxy> {
    const proxy = new ForgingProxy(cloud);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get origin(): string {
    const bound = this.#server.address();
    return `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
