// Written by `npm run generate` from openapi.json: change the server instead.

/** How many characters the server takes in each field. */
export const MAX_LENGTHS = {
  correction: {
    plate: 64,
    region: 64,
    vehicle_color: 32,
    vehicle_make: 64,
    subject: 150,
    note: 500,
    reason: 300,
  },
  photo: {
    recognizer: 64,
    camera: 150,
    location: 150,
    vehicle_color: 32,
    vehicle_make: 64,
  },
  search: {
    plate: 64,
    location: 150,
    camera: 150,
    region: 64,
    vehicle_color: 32,
    vehicle_make: 64,
    reason: 300,
    cursor: 500,
  },
} as const;

/** How many refused lines of an import the server keeps; it reads no further in a file with as many. */
export const MAX_REFUSED_LINES = 100;
