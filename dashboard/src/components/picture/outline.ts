type Corners = readonly (readonly number[])[];

interface Size {
  width: number;
  height: number;
}

export interface LabelPlace {
  /** Where the label's middle goes, in per cent of the picture's width. */
  leftPercent: number;
  /** The edge of the plate that the label stands on, in per cent of the picture's height. */
  topPercent: number;
  side: 'above' | 'below';
}

/** In less than this part of the height there is no room for a label over or under the plate. */
const ROOM_PERCENT = 12;
/** Half a label stays inside the picture when its middle keeps this far from the edges. */
const EDGE_PERCENT = 12;

/** Corners as the `points` of an SVG polygon. */
export function polygonPoints(corners: Corners): string {
  return corners.map((corner) => corner.join(',')).join(' ');
}

/** Where a plate's label goes: over it, or under it near the top, never past the edges. */
export function labelPlace(corners: Corners, { width, height }: Size): LabelPlace {
  const xs = corners.map(([x = 0]) => x);
  const ys = corners.map(([, y = 0]) => y);
  const middle = (100 * (Math.min(...xs) + Math.max(...xs))) / 2 / width;
  const top = (100 * Math.min(...ys)) / height;
  const bottom = (100 * Math.max(...ys)) / height;
  const side = top < ROOM_PERCENT ? 'below' : 'above';
  // A plate that fills the picture has its label inside, at the lower edge.
  const isFull = side === 'below' && bottom > 100 - ROOM_PERCENT;
  if (isFull) return { leftPercent: 50, topPercent: Math.min(100, bottom), side: 'above' };
  return {
    leftPercent: Math.min(100 - EDGE_PERCENT, Math.max(EDGE_PERCENT, middle)),
    topPercent: side === 'above' ? top : bottom,
    side,
  };
}
