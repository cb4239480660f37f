import { type Corruption, pick } from './corruption.js';
import { luma, mapPicture, type Picture } from './picture.js';

/**
 * ImageNet-C `saturate`: the saturation of HSV is scaled and raised; hue and value stay. Settings: factor, offset. A
 * pixel without saturation has red as its hue, as the original has it: where the saturation is raised, grey turns red,
 * and a picture of one channel is the luma of that.
 */
export const saturate: Corruption = (picture, { severity }) => {
  const [factor, offset] = pick(
    picture,
    severity,
    [
      [0.3, 0],
      [0.1, 0],
      [1.5, 0],
      [2, 0.1],
      [2.5, 0.2],
    ],
    [
      [0.3, 0],
      [0.1, 0],
      [2, 0],
      [5, 0.1],
      [20, 0.2],
    ],
  ) as [number, number];
  const seen = saturated(inColour(picture), factor, offset);
  return picture.channels === 1 ? luma(seen) : seen;
};

const inColour = (picture: Picture): Picture =>
  picture.channels === 3
    ? picture
    : {
        ...picture,
        channels: 3,
        data: Float64Array.from(
          { length: 3 * picture.data.length },
          (_, i) => picture.data[Math.floor(i / 3)] as number,
        ),
      };

/**
 * HSV with one hue and value is a straight line from grey to the pure colour: each channel keeps its share of the way.
 */
function saturated(picture: Picture, factor: number, offset: number): Picture {
  const { data } = picture;
  return mapPicture(picture, (channel, i) => {
    const first = i - (i % 3);
    const pixel = [data[first] as number, data[first + 1] as number, data[first + 2] as number];
    const [most, least] = [Math.max(...pixel), Math.min(...pixel)];
    const saturation = most === 0 ? 0 : (most - least) / most;
    const wanted = Math.min(1, Math.max(0, saturation * factor + offset));
    // Of a pixel without hue, red stays and the others fall.
    const fall = most === least ? Number(i !== first) : (most - channel) / (most - least);
    return most * (1 - wanted * fall);
  });
}
