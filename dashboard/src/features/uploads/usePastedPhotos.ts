import { useEffect, useEffectEvent } from 'react';

/** Calls back with the image files of every paste on the page. */
export function usePastedPhotos(onPhotos: (files: File[]) => void): void {
  const paste = useEffectEvent((event: ClipboardEvent) => {
    const files = Array.from(event.clipboardData?.files ?? []);
    const photos = files.filter(({ type }) => type.startsWith('image/'));
    if (photos.length === 0) return;
    event.preventDefault();
    onPhotos(photos);
  });
  useEffect(() => {
    const listener = (event: ClipboardEvent): void => {
      paste(event);
    };
    document.addEventListener('paste', listener);
    return () => {
      document.removeEventListener('paste', listener);
    };
  }, []);
}
