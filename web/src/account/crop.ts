/** Which part of a picture a frame shows: pure numbers, so that what is seen and what is sent are the same. */
export interface Crop {
  /** The middle of the part, 0 to 1 across and down the picture. */
  readonly x: number;
  readonly y: number;
  /** 1: as much of the picture as the frame can show; 4: a quarter of that. */
  readonly zoom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const MAX_ZOOM = 4;

/** The part in pixels of the picture; `aspect`: the frame's width by its height. */
export function partOf(
  crop: Crop,
  picture: Size,
  aspect: number,
): Size & { readonly left: number; readonly top: number } {
  const full = Math.min(picture.width, picture.height * aspect);
  const width = full / crop.zoom;
  const height = width / aspect;
  return {
    left: Math.min(Math.max(crop.x * picture.width - width / 2, 0), picture.width - width),
    top: Math.min(Math.max(crop.y * picture.height - height / 2, 0), picture.height - height),
    width,
    height,
  };
}

/** Moves the part by shares of its own size; never past an edge, so that moving back works at once. */
export function moved(crop: Crop, picture: Size, aspect: number, dx: number, dy: number): Crop {
  const part = partOf(crop, picture, aspect);
  const next = partOf(
    {
      ...crop,
      x: (part.left + part.width / 2 + dx * part.width) / picture.width,
      y: (part.top + part.height / 2 + dy * part.height) / picture.height,
    },
    picture,
    aspect,
  );
  return {
    zoom: crop.zoom,
    x: (next.left + next.width / 2) / picture.width,
    y: (next.top + next.height / 2) / picture.height,
  };
}

export const zoomed = (crop: Crop, zoom: number): Crop => ({ ...crop, zoom: Math.min(Math.max(zoom, 1), MAX_ZOOM) });
