/** Values in [0, 1]: row by row, pixel by pixel, channel by channel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1 or 3. */
  readonly channels: number;
  readonly data: Float32Array;
}

/** A picture with what it shows, where that is known. */
export interface Shown {
  readonly picture: Picture;
  readonly label?: number;
}

/** Draws a picture as large as the canvas is. */
export function draw({ width, height, channels, data }: Picture, canvas: HTMLCanvasElement): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[i * 4 + c] = 255 * (data[i * channels + (channels === 1 ? 0 : c)] as number);
    image.data[i * 4 + 3] = 255;
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}
