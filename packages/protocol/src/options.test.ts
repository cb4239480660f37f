import { test } from 'tap';
import { checkOptions, type OptionRules, option } from './options.js';

interface Made {
  readonly model: string | Uint8Array;
  readonly port?: number;
  readonly quality?: number;
  readonly preprocessing?: { readonly fit: 'crop' | 'stretch'; readonly shorterSide?: number };
  readonly onEvent?: () => void;
}

const RULES = {
  model: option.required(option.pathOrBytes),
  port: option.number,
  quality: option.number,
  preprocessing: option.group({ fit: option.required(option.oneOf('crop', 'stretch')), shorterSide: option.number }),
  onEvent: option.callback,
} satisfies OptionRules<Made>;

const check = (given: unknown): void => checkOptions('openMade', given, RULES);

test('what is right passes, and what is undefined is left out', async (t) => {
  check({ model: 'edge.onnx', port: 0, preprocessing: { fit: 'crop', shorterSide: 256 }, onEvent: () => undefined });
  check({ model: new Uint8Array(), port: undefined });
  t.pass();
});

test('a name that there is not is named, with the one that was meant', async (t) => {
  const refused = (given: object, message: RegExp): unknown =>
    t.throws(() => check({ model: 'm', ...given }), { code: 'REQUEST_INVALID', message });
  refused({ preprocesing: {} }, /openMade has no option preprocesing; did you mean preprocessing\?/);
  refused({ on_event: 1 }, /no option on_event; did you mean onEvent\?/);
  refused(
    { preprocessing: { fit: 'crop', shortSide: 1 } },
    /no option preprocessing\.shortSide; did you mean preprocessing\.shorterSide\?/,
  );
  refused({ colour: 1 }, /no option colour; there are model, port, quality, preprocessing, onEvent\.$/);
  refused({ toString: 1 }, /no option toString;/);
});

test('a value of another kind is named, with what it has to be', async (t) => {
  const refused = (given: unknown, message: string): unknown =>
    t.throws(() => check(given), { message: `REQUEST_INVALID: ${message}` });
  refused({ model: 'm', port: '7443' }, "the option port of openMade is the text '7443', and has to be a number.");
  refused({ model: 7 }, 'the option model of openMade is 7, and has to be a path or a Uint8Array.');
  refused(
    { model: 'm', preprocessing: [] },
    'the option preprocessing of openMade is an array, and has to be an object.',
  );
  refused(
    { model: 'm', preprocessing: { fit: 'middle' } },
    "the option preprocessing.fit of openMade is the text 'middle', and has to be one of 'crop', 'stretch'.",
  );
  refused({ model: 'm', port: null }, 'the option port of openMade is null, and has to be a number.');
});

test('what is left out is named', async (t) => {
  t.throws(() => check({}), {
    message: 'REQUEST_INVALID: openMade needs the option model, a path or a Uint8Array; give it.',
  });
  t.throws(() => check(undefined), { message: /openMade takes an object of options, not undefined/ });
  t.throws(() => check('edge.onnx'), { message: /takes an object of options, not the text 'edge\.onnx'/ });
});
