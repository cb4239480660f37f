import { test } from 'tap';
import { Emitter } from './events.js';

interface Events {
  number: number;
}

test('listeners hear events until they are taken off', async (t) => {
  const emitter = new Emitter<Events>();
  const heard: number[] = [];
  const off = emitter.on('number', (n) => heard.push(n));
  emitter.emit('number', 1);
  off();
  emitter.emit('number', 2);
  t.same(heard, [1]);
});

test('a listener that throws stops neither the others nor the caller', async (t) => {
  const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
  const emitter = new Emitter<Events>();
  const heard: number[] = [];
  emitter.on('number', () => {
    throw new Error('mine');
  });
  emitter.on('number', (n) => heard.push(n));
  emitter.emit('number', 1);
  t.same(heard, [1]);
  t.match(await uncaught, { message: 'mine' }, 'it is an uncaught error of the program');
});
