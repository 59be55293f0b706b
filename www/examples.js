// Every option at work: what the page of options shows, and what its test asks of the built Worker. Data only.

const MARK = 'mark=samples%2Fmark.png';

/** `{ title, examples: [{ says, options, source, kind }] }`; what is not a picture has a `kind`. */
export const GROUPS = [
  group('Size and shape', [
    ['half the picture’s width', 'width=320'],
    ['by its height', 'height=160'],
    ['sharp on a screen with two pixels to one', 'width=160,dpr=2'],
    ['as wide as the client says it needs', 'width=auto,wbreakpoints=320;640,wmobile=320,wdesktop=640'],
    ['inside a box', 'width=320,height=320,fit=contain'],
    ['filling it', 'width=320,height=320,fit=cover'],
    ['filling it, never enlarged', 'trim.width=200,trim.height=150,width=320,height=320,fit=crop'],
    ['its shape, never enlarged', 'trim.width=200,trim.height=150,width=320,height=320,fit=aspect-crop'],
    ['inside it, on a ground', 'width=320,height=320,fit=pad,background=%23e9c9b1'],
    ['on itself, blurred', 'width=320,height=320,fit=pad,background=blur'],
    ['pressed into it', 'width=320,height=320,fit=squeeze'],
    ['never reduced', 'trim.width=160,trim.height=120,width=320,height=320,fit=scale-up,upscale=interpolate'],
    ['never enlarged', 'trim.width=160,trim.height=120,width=320,height=320,fit=scale-down'],
    ['what lies left', 'width=240,height=320,fit=cover,gravity=left,zoom=0'],
    ['around a point', 'width=240,height=320,fit=cover,gravity=0.75x0.5'],
    ['of a preset', 'preset=thumbnail'],
  ]),
  group('Cut and turned', [
    ['a rectangle of the source', 'crop=0.5;0.2;0.4;0.4,width=320'],
    ['cut off at the top and the bottom', 'trim=0.2;0;0.2;0,width=320'],
    ['side by side', 'trim.top=0.1,trim.right=0.3,trim.bottom=0.1,trim.left=0.3,width=320'],
    ['from a corner, so large', 'trim.left=0.5,trim.top=0.25,trim.width=0.4,trim.height=0.4,width=320'],
    ['without its border', 'trim=border,trim.border.tolerance=12,trim.border.keep=8,width=320', 'mark.png'],
    ['without a border of a colour', 'trim=border,trim.border.color=transparent,width=320', 'alpha.png'],
    ['mirrored', 'flip=h,width=320'],
    ['a quarter turned', 'rotate=90,height=320'],
    ['askew, on a ground', 'rotate=12,width=320,background=%23e9c9b1'],
  ]),
  group('Tones', [
    ['brighter', 'width=320,brightness=1.3'],
    ['more contrast', 'width=320,contrast=1.4'],
    ['darker in the middle', 'width=320,gamma=0.6'],
    ['less colour', 'width=320,saturation=0.4'],
    ['other hues', 'width=320,hue=160'],
    ['grey', 'width=320,filter=grayscale'],
    ['sepia', 'width=320,filter=sepia'],
    ['negative', 'width=320,filter=invert'],
    ['two colours', 'width=320,duotone=%23221144;%23ffd9a0'],
  ]),
  group('Effects and outlines', [
    ['out of focus', 'width=320,blur=6'],
    ['sharper', 'width=320,sharpen=2'],
    ['in squares', 'width=320,pixelate=12'],
    ['round corners', 'width=320,radius=24'],
    ['each corner its own', 'width=320,radius=0.5;0;0.2;0'],
    ['an ellipse', 'width=320,mask=ellipse'],
    ['a star', 'width=320,height=320,fit=cover,mask=star'],
    ['a frame', 'width=304,border.width=8,border.color=white'],
    ['a frame with a wide foot', 'width=304,border.top=8,border.right=8,border.left=8,border.bottom=32,border.color=%23fdfaf5'],
  ]),
  group('Marks', [
    ['in a corner', `width=320,${MARK},mark.width=0.25,mark.bottom=8,mark.right=8,mark.opacity=0.7`],
    ['at an edge', `width=320,${MARK},mark.height=0.2,mark.gravity=top,mark.top=8`],
    ['on the left', `width=320,${MARK},mark.width=80,mark.left=8,mark.gravity=left`],
    ['cut to its box', `width=320,${MARK},mark.width=120,mark.height=60,mark.fit=cover`],
    ['tiled', `width=320,${MARK},mark.width=0.2,mark.repeat=chessboard,mark.gap=0.02,mark.opacity=0.4`],
    ['askew', `width=320,${MARK},mark.width=0.5,mark.rotate=340`],
    ['as light', `width=320,${MARK},mark.width=0.6,mark.blend=screen`],
    ['not below a width', `width=320,${MARK},mark.width=0.5,mark.min-width=400`],
    ['never narrower', `width=320,${MARK},mark.width=0.05,mark.least=96`],
  ]),
  group('Texts', [
    ['a line', 'width=320,text=Lenslet'],
    ['larger, in a colour', 'width=320,text=Lenslet,text.size=0.2,text.color=%23ffd9a0'],
    ['outlined', 'width=320,text=Lenslet,text.size=0.2,text.outline=0.06,text.outline-color=%23221144'],
    ['with a shadow', 'width=320,text=Lenslet,text.size=0.2,text.shadow=0.05,text.shadow-blur=0.1,text.shadow-color=%23000000b0'],
    ['broken into lines', 'width=320,text=A%20lake%20at%20dusk%20between%20snowy%20mountains,text.width=0.6,text.align=center'],
    ['placed', 'width=320,text=%C2%A9%20Lenslet,text.gravity=bottom-right,text.right=8,text.bottom=6,text.opacity=0.8,text.font=sans'],
    ['all over', 'width=320,text=Lenslet,text.repeat=true,text.gap=0.1,text.rotate=330,text.opacity=0.4,text.blend=soft-light'],
    ['legible', 'width=320,text=Lenslet,text.size=0.02,text.least=16,text.min-width=200,text.left=8,text.top=8'],
  ]),
  group('Files', [
    ['whatever the client takes', 'width=320,format=auto'],
    ['AVIF', 'width=320,format=avif'],
    ['WebP that looks good enough', 'width=320,format=webp,quality=medium-low'],
    ['JPEG that is small', 'width=320,format=jpeg,quality=40'],
    ['a JPEG of one scan', 'width=320,format=baseline-jpeg'],
    ['a PNG of few colours', 'width=320,format=png,quality=40'],
    ['no longer than it may be', 'width=320,format=webp,max-bytes=6000'],
    ['made quickly', 'width=320,format=auto,compression=fast'],
    ['less for slow connections', 'width=320,slow-connection-quality=30'],
    ['without metadata', 'width=320,metadata=none'],
    ['or else the source', 'width=320,onerror=redirect'],
    ['that moves', 'width=320,format=auto', 'animated.gif'],
    ['its first frame', 'width=320,anim=false', 'animated.gif'],
    ['upright', 'width=320', 'rotated.jpg'],
    ['what it is', 'width=320,format=json', 'photo.jpg', 'application/json'],
  ]),
];

function group(title, examples) {
  return { title, examples: examples.map(([says, options, source = 'photo.jpg', kind = 'image']) => ({ says, options, source: `samples/${source}`, kind })) };
}

/** The transform URL of an example. */
export const urlOf = ({ options, source }) => `/image/${options}/${source}`;
