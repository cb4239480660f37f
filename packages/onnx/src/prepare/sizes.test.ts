import { test } from 'tap';
import { prepareClassifier, type Sizes, sampleShape } from '../index.js';
import { modelWith } from '../testing/outputs.js';
import { scores } from '../testing/whole-models.js';

const OPEN = [undefined, 3, undefined, undefined];
const open = modelWith((g, x) => ({ scores: scores(g, x) }), OPEN);

test('sizes that a model leaves open are given by the name of their axis, or all of them in order', async (t) => {
  const alike: readonly Sizes[] = [
    { height: 8, width: 6 },
    { axis2: 8, axis3: 6 },
    { axis2: 8, width: 6, channels: 3 },
    [3, 8, 6],
  ];
  for (const sizes of alike) t.same(sampleShape(open, sizes), [3, 8, 6]);
  const { model, changes, ...facts } = prepareClassifier(open, { sizes: { height: 8, width: 6 } });
  t.match(changes, [/fixed the sizes of "x"/]);
  t.match({ ...facts }, { sampleShape: [3, 8, 6], classes: 5 });
  t.same(sampleShape(model), [3, 8, 6]);
});

test('channels that come last are known by their number', async (t) => {
  const last = modelWith((g, x) => ({ y: g.reduceMean(x, [1, 2], false) }), [undefined, undefined, undefined, 3]);
  t.same(sampleShape(last, { height: 8, width: 6 }), [8, 6, 3]);
});

test('open sizes are asked for with the names that there are', async (t) => {
  t.throws(() => prepareClassifier(open), {
    code: 'ONNX_SIZES_OPEN',
    message:
      /leaves height and width open; .* option sizes, as \{ height: 224, width: 224 \} or --sizes height=224,width=224/,
  });
  t.throws(() => prepareClassifier(open, { sizes: { height: 8 } }), { message: /leaves width open/ });
});

test('an axis whose name cannot be typed is called by its place, and only that of an image is likely 224', async (t) => {
  const named = (name: string) => {
    const model = modelWith((g, x) => ({ y: g.reduceMean(x, [2], false) }), [undefined, 4, undefined]);
    const type = model.input.type?.value;
    const dim = type?.case === 'tensorType' ? type.value.shape?.dim[2] : undefined;
    Object.assign(dim ?? {}, { value: { case: 'dimParam', value: name } });
    return model;
  };
  t.throws(() => sampleShape(named('time')), { message: /leaves time open.* \{ time: 16 \} or --sizes time=16/ });
  for (const name of ['floor(s0/2) + 1', '2', 'a,b'])
    t.throws(() => sampleShape(named(name)), { message: /leaves axis2 open.* \{ axis2: 16 \} or --sizes axis2=16/ });
  t.same(sampleShape(named('floor(s0/2) + 1'), { axis2: 7 }), [4, 7]);
});

test('sizes that do not fit are refused', async (t) => {
  const wrong: readonly Sizes[] = [
    { height: 0, width: 8 },
    { height: 8, width: 1.5 },
    { channels: 1, height: 8, width: 8 },
    [8, 8],
  ];
  for (const sizes of wrong)
    t.throws(
      () => sampleShape(open, sizes),
      { code: 'ONNX_UNSUPPORTED', message: /do not fit/ },
      JSON.stringify(sizes),
    );
  t.throws(() => sampleShape(open, { hieght: 8 }), { message: /has no axis "hieght", .*leaves height, width open/ });
});
