import { ActionIcon, Button, Progress } from '@mantine/core';
import { IconPhotoOff, IconRefresh, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

import { PlateBadge } from '@/components/PlateBadge';
import { shortTime } from '@/components/RelativeTime';
import { shownPlate, timeSource } from '@/domain/sighting';

import type { RecordedImage } from './sendPhoto';
import classes from './UploadList.module.css';
import type { Upload, UploadState } from './UploadQueue';

interface UploadListProps {
  uploads: readonly Upload[];
  selectedKey: string | null;
  onSelect: (key: string) => void;
  onRetry: (key: string) => void;
  onRemove: (key: string) => void;
  onClear: () => void;
}

/** The photos on their way and the finished ones, the newest first; a read photo can be looked at. */
export function UploadList(props: UploadListProps) {
  const { uploads, selectedKey, onSelect, onRetry, onRemove, onClear } = props;
  const finished = uploads.filter(({ state }) => isFinished(state)).length;
  return (
    <section aria-label="Photos" className={classes.section}>
      <header className={classes.header}>
        <span role="status">{summaryOf(uploads)}</span>
        {finished > 0 && (
          <Button variant="subtle" color="gray" size="compact-sm" onClick={onClear}>
            Clear
          </Button>
        )}
      </header>
      <ul className={classes.list}>
        {uploads.map((upload) => (
          <li key={upload.key} className={classes.item} data-kind={upload.state.kind}>
            <button
              type="button"
              className={classes.look}
              disabled={upload.state.kind !== 'done'}
              aria-pressed={upload.key === selectedKey}
              onClick={() => {
                onSelect(upload.key);
              }}
            >
              <Thumbnail url={upload.previewUrl} />
              <span className={classes.words}>
                <span className={classes.name}>{upload.file.name}</span>
                <Progressing state={upload.state} />
              </span>
            </button>
            {upload.state.kind === 'failed' && upload.state.canRetry && (
              <Button
                variant="default"
                size="compact-sm"
                leftSection={<IconRefresh size={14} />}
                onClick={() => {
                  onRetry(upload.key);
                }}
              >
                Retry
              </Button>
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${upload.file.name} from this list`}
              onClick={() => {
                onRemove(upload.key);
              }}
            >
              <IconX size={16} />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** "3 of 4 photos read, 1 failed". */
function summaryOf(uploads: readonly Upload[]): string {
  const read = uploads.filter(({ state }) => state.kind === 'done').length;
  const failed = uploads.filter(({ state }) => state.kind === 'failed').length;
  const photos = uploads.length === 1 ? 'photo' : 'photos';
  return `${read} of ${uploads.length} ${photos} read${failed > 0 ? `, ${failed} failed` : ''}`;
}

/** The photo in small, or an icon for a file that the browser can't show, such as HEIC. */
function Thumbnail({ url }: { url: string }) {
  const [isShown, setIsShown] = useState(true);
  if (!isShown) {
    return (
      <span className={classes.thumbnail} aria-hidden="true">
        <IconPhotoOff size={20} stroke={1.5} />
      </span>
    );
  }
  return (
    <img
      className={classes.thumbnail}
      src={url}
      alt=""
      onError={() => {
        setIsShown(false);
      }}
    />
  );
}

function isFinished({ kind }: UploadState): boolean {
  return kind === 'done' || kind === 'failed';
}

function Progressing({ state }: { state: UploadState }) {
  switch (state.kind) {
    case 'waiting':
      return <span className={classes.note}>Waiting</span>;
    case 'sending':
      return <Progress value={state.fraction * 100} size="sm" aria-label="Sending" />;
    case 'reading':
      return (
        <span className={classes.note}>
          <Progress value={100} size="sm" animated striped aria-label="Reading" />
        </span>
      );
    case 'held':
      return <Held retryAtMs={state.retryAtMs} />;
    case 'failed':
      return (
        <span className={classes.failure} role="alert">
          {state.message}
        </span>
      );
    case 'done':
      return <Answer image={state.image} />;
  }
}

function Answer({ image }: { image: RecordedImage }) {
  const { sightings, is_known: isKnown, captured_at, captured_at_source, captured_at_note } = image;
  if (sightings.length === 0) return <span className={classes.note}>No plate found</span>;
  return (
    <>
      <span className={classes.plates}>
        {sightings.map((sighting) => (
          <PlateBadge
            key={sighting.id}
            text={shownPlate(sighting)}
            isUnsure={sighting.is_unsure}
            size="sm"
          />
        ))}
        {isKnown && <span className={classes.note}>Recorded before, not again</span>}
      </span>
      <span className={classes.note}>
        Taken {shortTime(captured_at)}, {timeSource(captured_at_source)}
      </span>
      {captured_at_note !== null && <span className={classes.warning}>{captured_at_note}</span>}
    </>
  );
}

function Held({ retryAtMs }: { retryAtMs: number }) {
  const [leftS, setLeftS] = useState(() => secondsUntil(retryAtMs));
  useEffect(() => {
    const timer = setInterval(() => {
      setLeftS(secondsUntil(retryAtMs));
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [retryAtMs]);
  return <span className={classes.note}>The server is busy. Trying again in {leftS} s</span>;
}

function secondsUntil(atMs: number): number {
  return Math.max(0, Math.ceil((atMs - Date.now()) / 1000));
}
