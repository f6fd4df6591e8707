import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { searchReason } from '@/api/searchReason';
import type { Sighting } from '@/domain/sighting';

import { mergeSighting, refetchSightings } from '../sightings';
import { type ConnectionState, LiveConnection } from './LiveConnection';

interface LiveSightings {
  state: ConnectionState;
  /** The sightings that came while this page was open, for their entrance. */
  arrivedIds: ReadonlySet<number>;
  /** The newest of them; null before the first. */
  latest: Sighting | null;
}

const SIGHTING_KINDS = new Set(['sighting.recorded', 'sighting.updated']);

function liveUrl(): string {
  const url = new URL('/api/v1/live', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Keeps the lists in the query cache up to date for as long as the component is shown. */
export function useLiveSightings(): LiveSightings {
  const queries = useQueryClient();
  const [state, setState] = useState<ConnectionState>('connecting');
  const [arrivedIds, setArrivedIds] = useState<ReadonlySet<number>>(() => new Set());
  const [latest, setLatest] = useState<Sighting | null>(null);

  useEffect(() => {
    const connection = new LiveConnection({
      url: liveUrl(),
      reason: searchReason,
      onState: setState,
      onGap: () => {
        refetchSightings(queries);
      },
      onEvent: ({ kind, data }) => {
        if (!SIGHTING_KINDS.has(kind)) return;
        // The server's contract: a sighting event carries the sighting as the API shows it.
        const sighting = data as Sighting;
        mergeSighting(queries, sighting);
        if (kind !== 'sighting.recorded') return;
        setArrivedIds((ids) => new Set(ids).add(sighting.id));
        setLatest(sighting);
      },
    });
    connection.start();
    return () => {
      connection.stop();
    };
  }, [queries]);

  return { state, arrivedIds, latest };
}
