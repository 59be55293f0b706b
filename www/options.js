// The page of options: a picture for each example, and its URL.

import { GROUPS, urlOf } from './examples.js';

function figure(example) {
  const url = urlOf(example);
  const figure = document.createElement('figure');
  const stage = document.createElement('div');
  stage.className = 'stage checks';
  stage.append(example.kind === 'image' ? picture(example, url) : said(url));
  const caption = document.createElement('figcaption');
  const name = document.createElement('b');
  name.textContent = example.says;
  caption.append(name, address(url));
  figure.append(stage, caption);
  return figure;
}

function picture({ says }, src) {
  return Object.assign(new Image(), { alt: `The picture, ${says}`, loading: 'lazy', decoding: 'async', src });
}

/** What is no picture, as text. */
function said(url) {
  const text = document.createElement('pre');
  fetch(url)
    .then((answer) => answer.text())
    .then((answer) => { text.textContent = answer; })
    .catch((error) => { text.textContent = error.message; });
  return text;
}

/** A URL that may break behind each of its options. */
function address(url) {
  const link = Object.assign(document.createElement('a'), { href: url });
  const code = document.createElement('code');
  url.split(/(?<=,)/).forEach((part, index) => code.append(...(index ? [document.createElement('wbr')] : []), part));
  link.append(code);
  return link;
}

function section({ title, examples }, index) {
  const section = document.createElement('section');
  section.className = 'wrap';
  section.setAttribute('aria-labelledby', `group-${index}`);
  const heading = Object.assign(document.createElement('h2'), { id: `group-${index}`, textContent: title });
  const list = document.createElement('ul');
  list.className = 'gallery four';
  for (const example of examples) {
    const item = document.createElement('li');
    item.append(figure(example));
    list.append(item);
  }
  section.append(heading, list);
  return section;
}

document.querySelector('main').append(...GROUPS.map(section));
