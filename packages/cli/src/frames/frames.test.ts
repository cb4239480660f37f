import { test } from 'tap';
import { JpegSplitter } from './jpeg-splitter.js';
import { parseRawFormat, RawSplitter } from './raw-frames.js';

/** A file with a thumbnail in it, which is a whole file too, and with coded data in which every kind of 0xff occurs. */
const jpeg = (mark: number): Uint8Array => {
  const thumbnail = [0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 0xff, 0xd9];
  const segment = [0xff, 0xe1, 0, 2 + thumbnail.length, ...thumbnail];
  const scan = [0xff, 0xda, 0, 3, mark, 5, 0xff, 0, 0xff, 0xd0, 0xd9, 0xff, 0xff, 0xd7, 6];
  const second = [0xff, 0xc4, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 7];
  return Uint8Array.from([0xff, 0xd8, ...segment, ...scan, ...second, 0xff, 0xd9]);
};
const between = new TextEncoder().encode('\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 30\r\n\r\n');

test('JPEG files come out of a stream as they were, however it is cut and whatever stands between them', (t) => {
  const files = [jpeg(1), jpeg(2), jpeg(3)];
  const bytes = Uint8Array.from(files.flatMap((file) => [...between, ...file]));
  for (const size of [1, 2, 3, 7, 31, bytes.length]) {
    const splitter = new JpegSplitter();
    const found: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...splitter.push(bytes.subarray(at, at + size)));
    t.same(found, files, `in pieces of ${size}`);
  }
  t.end();
});

test('a file that is damaged is passed over, and the next one is found', (t) => {
  const splitter = new JpegSplitter();
  const damaged = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 3, 4, 5, 6]);
  t.same(splitter.push(Uint8Array.from([...damaged, ...jpeg(4)])), [jpeg(4)]);
  t.throws(() => {
    for (let i = 0; i < 70; i++)
      splitter.push(i === 0 ? Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 2) : new Uint8Array(2 ** 20));
  }, RangeError);
  t.end();
});

test('frames without compression are cut by their size, blue and red put in order', (t) => {
  const splitter = new RawSplitter(parseRawFormat('2x1:bgr24'));
  t.same(splitter.push(Uint8Array.of(1, 2, 3, 4)), []);
  t.equal(splitter.rest, 4);
  const [first, second] = splitter.push(Uint8Array.of(5, 6, 11, 12, 13, 14, 15, 16, 21));
  t.same(first, { data: Uint8Array.of(3, 2, 1, 6, 5, 4), width: 2, height: 1, channels: 3 });
  t.same(second?.data, Uint8Array.of(13, 12, 11, 16, 15, 14));
  t.equal(splitter.rest, 1);
  t.match(parseRawFormat('640x480'), { width: 640, height: 480, channels: 3, isBlueFirst: false });
  t.match(parseRawFormat('4x4:GRAY8'), { channels: 1 });
  for (const wrong of ['640', '640x0:rgb24', '640x480:yuv420p', 'x:rgb', '2x2:toString'])
    t.throws(() => parseRawFormat(wrong));
  t.end();
});
