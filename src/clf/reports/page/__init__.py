"""Results as one self-contained HTML page: no network, no scripts, all untrusted text made harmless and escaped.

evaluation       the page of `clf evaluate`, for both kinds of models
comparison       the page of `clf compare`
training         the page of `clf train`
summary          the cards of an evaluation: verdict, three figures, what to do next
figures          the cards with one figure each
classes          sections about classes, where a text has one label
labels           sections about labels, where a text may have several
shared           sections that several pages have
parts            what a page is made of: cards, sections, tables, cells and bars
charts           curves as SVG
glossary         what the words on a page mean
render           fills the template
page.html.jinja  the template
page.css         its style
"""
