import { Button, Drawer, Skeleton } from '@mantine/core';
import { IconDownload, IconPencil, IconTrash } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';

import { useHasRight } from '@/api/rights';
import { percent } from '@/components/Confidence';
import { AnnotatedPicture } from '@/components/picture/AnnotatedPicture';
import { isUnsureRegion } from '@/components/PlateBadge';
import { ReadingCard } from '@/components/ReadingCard';
import { EmptyState, ErrorState } from '@/components/States';
import { exactTime } from '@/components/RelativeTime';
import { DIRECTION_WORDS, isTyped, type Sighting, shownPlate, timeSource } from '@/domain/sighting';
import { vehicleText } from '@/domain/vehicle';

import { CorrectionForm } from './correct/CorrectionForm';
import { ConfirmReading } from './ConfirmReading';
import { DeleteSighting } from './DeleteSighting';
import classes from './SightingDrawer.module.css';
import { useSighting } from './sightings';

interface SightingDrawerProps {
  id: number;
  onClose: () => void;
}

/** One sighting with all its facts, over the page it was opened from. */
export function SightingDrawer({ id, onClose: close }: SightingDrawerProps) {
  const [correctedId, setCorrectedId] = useState<number | null>(null);
  const isCorrecting = correctedId === id;
  useFocusReturn();
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={620}
      title={isCorrecting ? 'Correct the sighting' : 'Sighting'}
      // What was typed is not lost to a key or a click beside it.
      closeOnEscape={!isCorrecting}
      closeOnClickOutside={!isCorrecting}
      closeButtonProps={{ 'aria-label': 'Close' }}
      classNames={{ title: classes.title ?? '', body: classes.body ?? '' }}
    >
      <SightingDetail
        id={id}
        isCorrecting={isCorrecting}
        onDeleted={close}
        onCorrecting={(starts) => {
          setCorrectedId(starts ? id : null);
        }}
      />
    </Drawer>
  );
}

/** Gives the focus back to what opened the drawer, or else to the page. */
function useFocusReturn(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      const isThere = opener instanceof HTMLElement && opener.matches('a');
      // Once the page is as it is without the drawer, and perhaps without a deleted sighting.
      setTimeout(() => {
        const target = isThere && opener.isConnected ? opener : document.getElementById('page');
        target?.focus({ preventScroll: true });
      });
    },
    [opener],
  );
}

interface SightingDetailProps {
  id: number;
  isCorrecting: boolean;
  onCorrecting: (starts: boolean) => void;
  onDeleted: () => void;
}

/** How the correction of a sighting ended. */
interface Ending {
  id: number;
  isSaved: boolean;
}

function SightingDetail({ id, isCorrecting, onCorrecting, onDeleted }: SightingDetailProps) {
  const [ending, setEnding] = useState<Ending | null>(null);
  const { data: sighting, error, isPending, refetch } = useSighting(id);
  if (isPending) {
    return (
      <div role="status" aria-label="Loading the sighting" className={classes.detail}>
        <Skeleton height={280} />
        <Skeleton height={60} width="70%" />
        <Skeleton height={180} />
      </div>
    );
  }
  if (sighting === null) {
    return (
      <EmptyState icon={<IconTrash size={26} />} title="This sighting was deleted">
        Its photo and its history went with it.
      </EmptyState>
    );
  }
  if (sighting === undefined) {
    return (
      <ErrorState
        title="This sighting could not be loaded"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  const ended = ending?.id === id && !isCorrecting ? ending : null;
  return (
    <article className={classes.detail} aria-label={`Sighting of ${shownPlate(sighting)}`}>
      <Picture sighting={sighting} />
      <ReadingCard sighting={sighting} />
      {isCorrecting ? (
        <CorrectionForm
          sighting={sighting}
          onDone={(isSaved) => {
            setEnding({ id, isSaved });
            onCorrecting(false);
          }}
        />
      ) : (
        <FactTable sighting={sighting} />
      )}
      {/* Always there, so that what comes into it is read out. */}
      <p role="status" className={classes.saved}>
        {ended?.isSaved === true && `The sighting of ${shownPlate(sighting)} is corrected.`}
      </p>
      {!isCorrecting && (
        <Actions
          sighting={sighting}
          takesFocus={ended !== null}
          onCorrect={() => {
            onCorrecting(true);
          }}
          onDeleted={onDeleted}
        />
      )}
    </article>
  );
}

interface ActionsProps {
  sighting: Sighting;
  /** Whether they stand where a form has just been, and the focus was in that. */
  takesFocus: boolean;
  onCorrect: () => void;
  onDeleted: () => void;
}

function Actions({ sighting, takesFocus, onCorrect, onDeleted }: ActionsProps) {
  const mayCorrect = useHasRight('recognize');
  const mayDelete = useHasRight('manage');
  const correctRef = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (takesFocus) correctRef.current?.focus();
  }, [takesFocus]);
  return (
    <div className={classes.actions}>
      {mayCorrect && (
        <Button ref={correctRef} leftSection={<IconPencil size={17} />} onClick={onCorrect}>
          Correct
        </Button>
      )}
      {sighting.annotated_url !== null && (
        <Button
          component="a"
          href={sighting.annotated_url}
          download={`${sighting.plate}.jpg`}
          variant="default"
          leftSection={<IconDownload size={17} />}
        >
          Picture with outline
        </Button>
      )}
      {mayCorrect && sighting.is_unsure && <ConfirmReading sighting={sighting} />}
      {mayDelete && <DeleteSighting sighting={sighting} onDeleted={onDeleted} />}
    </div>
  );
}

function Picture({ sighting }: { sighting: Sighting }) {
  const { image_url: src, image_width: width, image_height: height } = sighting;
  if (src === null || width === null || height === null) return null;
  return (
    <div className={classes.stage}>
      <AnnotatedPicture
        src={src}
        alt={`The photo with the plate ${shownPlate(sighting)}`}
        width={width}
        height={height}
        plates={[sighting]}
        selectedId={sighting.id}
      />
    </div>
  );
}

function pictureSize({ image_width: width, image_height: height }: Sighting): string | null {
  return width === null || height === null ? null : `${width} × ${height} pixels`;
}

function regionText({ region, region_confidence: confidence }: Sighting): string | null {
  const code = region?.toUpperCase() ?? null;
  if (code === null || !isUnsureRegion(confidence)) return code;
  return `Probably ${code} (${percent(confidence)}%)`;
}

function capturedText(sighting: Sighting): string {
  const source = timeSource(sighting.captured_at_source, isTyped(sighting));
  return `${exactTime(sighting.captured_at)}${source === null ? '' : ` (${source})`}`;
}

function FactTable({ sighting }: { sighting: Sighting }) {
  const facts: [string, string | null][] = [
    ['Captured', capturedText(sighting)],
    ['Vehicle', vehicleText(sighting)],
    ['Direction', DIRECTION_WORDS[sighting.direction]],
    ['Camera', sighting.camera],
    ['Location', sighting.location],
    ['Region', regionText(sighting)],
    ['Recorded', exactTime(sighting.recorded_at)],
    ['Recorded by', sighting.recorded_by],
    ['Detector', sighting.detector],
    ['Recognizer', sighting.recognizer],
    ['Picture', pictureSize(sighting)],
    ['Number', String(sighting.id)],
  ];
  // Of most sightings there is nothing to say here, so the row is there only if there is.
  if (sighting.note !== null) facts.splice(2, 0, ['Note', sighting.note]);
  if (sighting.read_plate !== sighting.plate) facts.unshift(['Read as', sighting.read_plate]);
  // Cameras read a letter without its marks, so this is what else to look for.
  if (shownPlate(sighting) !== sighting.plate) facts.unshift(['Compared as', sighting.plate]);
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name} className={classes.fact}>
          <dt>{name}</dt>
          <dd>{value ?? <span className={classes.unknown}>not given</span>}</dd>
        </div>
      ))}
    </dl>
  );
}
