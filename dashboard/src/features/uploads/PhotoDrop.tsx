import { Button, FileButton, Kbd } from '@mantine/core';
import { Dropzone, type FileRejection } from '@mantine/dropzone';
import { useMediaQuery } from '@mantine/hooks';
import { IconCamera, IconPhotoPlus } from '@tabler/icons-react';

import classes from './PhotoDrop.module.css';
import { usePastedPhotos } from './usePastedPhotos';

/** What is chosen from. Without HEIC in it, phones convert their photos to JPEG, which every server reads. */
export const PHOTO_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/bmp'];

/** What may be dropped; by ending too, because most computers know no type for phones' formats. */
const DROPPED = {
  ...Object.fromEntries(PHOTO_TYPES.map((type) => [type, []])),
  'image/jpeg': ['.jpg', '.jpeg', '.jpe', '.jfif', '.mpo'],
  'image/avif': ['.avif'],
  'image/heic': ['.heic', '.hif'],
  'image/heif': ['.heif'],
};

interface PhotoDropProps {
  /** Smaller, once there is a result to leave room for. */
  isCompact: boolean;
  onPhotos: (files: File[]) => void;
  onRefused: (file: File, message: string) => void;
}

/** Where photos come in: dropped, chosen, pasted or, on a phone, taken. */
export function PhotoDrop({ isCompact, onPhotos, onRefused }: PhotoDropProps) {
  const isTouch = useMediaQuery('(pointer: coarse)');
  usePastedPhotos(onPhotos);

  const reject = (rejections: FileRejection[]): void => {
    for (const { file } of rejections) {
      onRefused(
        file,
        'This is not a photo that can be read. Send JPEG, PNG, WebP, AVIF, HEIC or BMP.',
      );
    }
  };
  return (
    <div className={classes.frame} data-compact={isCompact}>
      <Dropzone
        onDrop={onPhotos}
        onReject={reject}
        accept={DROPPED}
        className={classes.zone ?? ''}
        role="button"
        aria-label="Add photos"
        inputProps={{ 'aria-label': 'Photos to read', accept: PHOTO_TYPES.join(',') }}
      >
        <IconPhotoPlus className={classes.icon} size={isCompact ? 28 : 44} stroke={1.4} />
        <span className={classes.words}>
          <span className={classes.title}>
            {isTouch ? 'Choose photos' : 'Drop photos here, or click to choose'}
          </span>
          <span className={classes.hint}>
            {isTouch ? (
              'Every plate in them is read and recorded.'
            ) : (
              <>
                Several at once, or paste one with <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">V</Kbd>.
                Every plate is read and recorded.
              </>
            )}
          </span>
        </span>
      </Dropzone>
      {isTouch && (
        <FileButton
          accept="image/*"
          capture="environment"
          onChange={(file) => {
            if (file !== null) onPhotos([file]);
          }}
        >
          {(button) => (
            <Button {...button} size="md" leftSection={<IconCamera size={20} />} fullWidth mt="sm">
              Take a photo
            </Button>
          )}
        </FileButton>
      )}
    </div>
  );
}
