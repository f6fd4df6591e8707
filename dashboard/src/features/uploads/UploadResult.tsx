import { IconZoomQuestion } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';

import { AnnotatedPicture } from '@/components/picture/AnnotatedPicture';
import { ReadingCard } from '@/components/ReadingCard';
import { EmptyState } from '@/components/States';

import { PhotoTime } from './PhotoTime';
import type { RecordedImage } from './sendPhoto';
import classes from './UploadResult.module.css';

interface UploadResultProps {
  name: string;
  previewUrl: string;
  image: RecordedImage;
}

/** "18 ms", or "under 1 ms". */
function readingTime(ms: number): string {
  return ms < 1 ? 'under 1 ms' : `${Math.round(ms)} ms`;
}

function readingText({ is_known: isKnown, ms }: RecordedImage): string {
  if (isKnown) return 'recorded before, not again';
  return ms === 0 ? 'known from before' : `read in ${readingTime(ms)}`;
}

/** A photo that was just read: its plates outlined, and the chosen one in full below. */
export function UploadResult({ name, previewUrl, image }: UploadResultProps) {
  const { sightings, width, height } = image;
  const [selectedId, setSelectedId] = useState(sightings[0]?.id ?? null);
  const [isShown, setIsShown] = useState(true);
  const selected = sightings.find(({ id }) => id === selectedId);
  // The stored picture is upright, whatever the file says and however this browser takes it.
  const src = sightings[0]?.image_url ?? previewUrl;
  return (
    <section className={classes.result} aria-label={`Result for ${name}`}>
      {isShown && (
        <div className={classes.stage}>
          <AnnotatedPicture
            src={src}
            alt={name}
            width={width}
            height={height}
            plates={sightings}
            selectedId={selectedId}
            onSelect={setSelectedId}
            onNotShown={() => {
              setIsShown(false);
            }}
          />
        </div>
      )}
      {selected === undefined ? (
        <EmptyState icon={<IconZoomQuestion size={26} />} title="No plate found in this photo">
          Try one in which the plate is sharper, larger or less at an angle.
        </EmptyState>
      ) : (
        <div className={classes.reading}>
          <ReadingCard sighting={selected} />
        </div>
      )}
      {sightings.length > 0 && <PhotoTime image={image} />}
      <footer className={classes.footer}>
        <span className={classes.name}>{name}</span>
        <span>
          {width} × {height} · {readingText(image)}
        </span>
        {selected !== undefined && (
          <Link className={classes.link} to={`/sightings/${selected.id}`}>
            All facts
          </Link>
        )}
      </footer>
    </section>
  );
}
