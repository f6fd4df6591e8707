import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';

import { endSession } from '@/api/queries';
import { mergeSighting, watchSightings } from '@/features/sightings/sightings';

import { sendPhoto } from './sendPhoto';
import { type Upload, UploadQueue } from './UploadQueue';

/** A queue for as long as the page is open; what it records also enters the lists. */
export function useUploadQueue(): { queue: UploadQueue; uploads: readonly Upload[] } {
  const queries = useQueryClient();
  const [queue] = useState(
    () =>
      new UploadQueue({
        send: sendPhoto,
        onRecorded: ({ sightings }) => {
          for (const sighting of sightings) mergeSighting(queries, sighting);
        },
        onError: (error) => {
          if (error.isSessionEnd) endSession(queries);
        },
      }),
  );
  const uploads = useSyncExternalStore(queue.subscribe, queue.snapshot);
  useEffect(
    () => () => {
      queue.dispose();
    },
    [queue],
  );
  useEffect(
    () =>
      watchSightings(queries, (id, sighting) => {
        queue.replaceSighting(id, sighting);
      }),
    [queries, queue],
  );
  return { queue, uploads };
}
